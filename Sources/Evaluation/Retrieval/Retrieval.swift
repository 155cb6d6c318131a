public import ConcordTensors

/// How well queries find their right answers among candidates, by cosine similarity.
///
/// ```swift
/// let found = Retrieval(queries: imageEmbeddings, candidates: textEmbeddings)           // the n-th finds the n-th
/// let captions = Retrieval(queries: images, candidates: texts, answers: [[0, 1], [2]])  // several captions an image
/// print(found.r1, found.medianRank)
/// ```
///
/// A query counts as found at K if any of its right answers is among the first K candidates. Candidates of equal score
/// share credit: where r right and w wrong candidates tie with the best right answer, below `a` wrong ones that score
/// higher, R@K counts
///
///     1 - C(w, m) / C(r + w, m),     m = min(max(K - a, 0), r + w)
///
/// the expected value under a random order of the tied ones. So identical embeddings give chance, neither 0 nor 1. The
/// rank of a query is the expected rank of its first right answer, `a + (r + w + 1) / (r + 1)`.
public struct Retrieval: Sendable, Codable, Equatable {
    /// Mean over queries of the credit for a right answer among the first 1, 5, 10. Chance is K / candidates for one
    /// answer a query; 1 where there are no more than K candidates.
    public let r1, r5, r10: Double
    /// Median over queries of the first right answer's expected rank, from 1.
    public let medianRank: Double
    /// Number of queries that have a right answer among the candidates, and of candidates ranked.
    public let queries, candidates: Int

    enum CodingKeys: String, CodingKey {
        case r1, r5, r10, queries, candidates
        case medianRank = "median_rank"
    }

    /// Retrieval by labels: a candidate is right for the queries of its label.
    ///
    /// - Parameters:
    ///   - queries: embeddings `[N, D]`, of any length but zero.
    ///   - candidates: embeddings `[M, D]`.
    ///   - queryLabels: N numbers. Without labels the n-th candidate alone is right for the n-th query.
    ///   - candidateLabels: M numbers, given together with `queryLabels`.
    /// - Precondition: as many labels as rows; N = M without labels.
    public init(queries: Tensor, candidates: Tensor, queryLabels: [Int]? = nil, candidateLabels: [Int]? = nil) {
        let (rows, columns) = Self.sizes(queries, candidates)
        guard let queryLabels, let candidateLabels else {
            ShapeCheck.require(
                rows == columns && queryLabels == nil && candidateLabels == nil, "Retrieval",
                "\(rows) queries and \(columns) candidates without labels of both")
            self.init(queries: queries, candidates: candidates, answers: (0..<rows).map { [$0] })
            return
        }
        ShapeCheck.require(
            queryLabels.count == rows && candidateLabels.count == columns, "Retrieval",
            "\(queryLabels.count) and \(candidateLabels.count) labels for \(rows) queries and \(columns) candidates")
        let places = Dictionary(grouping: candidateLabels.indices) { candidateLabels[$0] }
        self.init(queries: queries, candidates: candidates, answers: queryLabels.map { places[$0] ?? [] })
    }

    /// Retrieval with any number of right answers a query: all captions of an image, all images of a caption.
    ///
    /// - Parameters:
    ///   - queries: embeddings `[N, D]`, of any length but zero.
    ///   - candidates: embeddings `[M, D]`.
    ///   - answers: for each query the rows of `candidates` that are right, in any order, without repetition. A query
    ///     without any is excluded and not counted in `queries`; its candidates stay.
    /// - Precondition: N lists of rows in `0 ..< M`.
    public init(queries: Tensor, candidates: Tensor, answers: [[Int]]) {
        let ranks = Self.ranks(of: queries, among: candidates, answers)
        func recall(_ k: Int) -> Double { ranks.reduce(0) { $0 + $1.recall(at: k) } / Double(max(1, ranks.count)) }
        (r1, r5) = (recall(1), recall(5))
        r10 = recall(10)
        let sorted = ranks.map(\.expected).sorted()
        let middle = sorted.count / 2
        medianRank =
            sorted.isEmpty ? .nan : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        self.queries = ranks.count
        self.candidates = candidates.shape[0]
    }

    private static func sizes(_ queries: Tensor, _ candidates: Tensor) -> (queries: Int, candidates: Int) {
        ShapeCheck.require(
            queries.rank == 2 && candidates.rank == 2 && queries.shape[1] == candidates.shape[1], "Retrieval",
            "queries \(queries.shape) and candidates \(candidates.shape) must be [N, D] and [M, D]")
        return (queries.shape[0], candidates.shape[0])
    }

    /// The ranks of the queries that have an answer, in order.
    static func ranks(of queries: Tensor, among candidates: Tensor, _ answers: [[Int]]) -> [TiedRank] {
        let (rows, columns) = sizes(queries, candidates)
        ShapeCheck.require(
            answers.count == rows && answers.allSatisfy { $0.allSatisfy { 0 <= $0 && $0 < columns } }, "Retrieval",
            "\(answers.count) lists of answers for \(rows) queries and \(columns) candidates")
        var ranks: [TiedRank] = []
        ranks.reserveCapacity(rows)
        var isRight = [Bool](repeating: false, count: columns)
        let equals = EqualRows(candidates.detached.l2Normalized())
        Similarities.forEachRow(of: queries, against: candidates) { row, scores in
            guard !answers[row].isEmpty else { return }
            var best = -Float.infinity
            for j in answers[row] {
                isRight[j] = true
                best = max(best, scores[equals.first[j]])
            }
            var above = 0, right = 0, wrong = 0
            for j in 0..<columns {
                let score = scores[equals.first[j]]
                if score > best {
                    above += 1
                } else if score == best {
                    if isRight[j] { right += 1 } else { wrong += 1 }
                }
            }
            for j in answers[row] { isRight[j] = false }
            ranks.append(TiedRank(above: above, right: right, wrong: wrong))
        }
        return ranks
    }
}

/// Which rows of a matrix hold the same bits: their products with one vector may still differ by rounding, by their
/// place in a tile.
private struct EqualRows {
    /// The first row equal to each.
    let first: [Int]

    init(_ matrix: Tensor) {
        let count = matrix.shape[0], width = matrix.shape[1]
        let elements = matrix.scalars
        var seen: [[UInt32]: Int] = [:]
        first = (0..<count).map { row in
            let bits = elements[row * width..<(row + 1) * width].map(\.bitPattern)
            if let found = seen[bits] { return found }
            seen[bits] = row
            return row
        }
    }
}
