public import ConcordTensors

/// How well queries find their own among candidates, by cosine similarity.
///
/// ```swift
/// let found = Retrieval(queries: imageEmbeddings, candidates: textEmbeddings)
/// print(found.r1, found.medianRank)
/// ```
public struct Retrieval: Sendable, Codable, Equatable {
    /// Share of queries whose best match ranks among the first 1, 5, 10. Chance is k / candidates.
    public let r1, r5, r10: Double
    /// Median over queries of the best match's rank, from 1; ties stand at their mean rank.
    public let medianRank: Double
    /// Number of queries and of candidates ranked.
    public let queries, candidates: Int

    enum CodingKeys: String, CodingKey {
        case r1, r5, r10, queries, candidates
        case medianRank = "median_rank"
    }

    /// - Parameters:
    ///   - queries: embeddings `[N, D]`, of any length but zero.
    ///   - candidates: embeddings `[M, D]`.
    ///   - queryLabels: which candidates match: those of equal label. Without labels the n-th query matches the n-th candidate alone.
    ///   - candidateLabels: given together with `queryLabels`.
    /// - Precondition: as many labels as rows; N = M without labels.
    public init(queries: Tensor, candidates: Tensor, queryLabels: [Int]? = nil, candidateLabels: [Int]? = nil) {
        let ranks = Self.ranks(of: queries, among: candidates, queryLabels, candidateLabels)
        func share(_ k: Double) -> Double { Double(ranks.count { $0 < k }) / Double(max(1, ranks.count)) }
        (r1, r5, r10) = (share(1), share(5), share(10))
        let sorted = ranks.sorted()
        let middle = sorted.count / 2
        medianRank = sorted.isEmpty ? .nan : 1 + (sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2)
        self.queries = queries.shape[0]
        self.candidates = candidates.shape[0]
    }

    /// Rank from 0 of each query's best match: non-matches that score higher, and half of those that score the same.
    static func ranks(of queries: Tensor, among candidates: Tensor, _ queryLabels: [Int]?, _ candidateLabels: [Int]?) -> [Double] {
        ShapeCheck.require(
            queries.rank == 2 && candidates.rank == 2 && queries.shape[1] == candidates.shape[1], "Retrieval",
            "queries \(queries.shape) and candidates \(candidates.shape) must be [N, D] and [M, D]")
        let wanted = queryLabels ?? Array(0..<queries.shape[0]), labels = candidateLabels ?? Array(0..<candidates.shape[0])
        ShapeCheck.require(
            wanted.count == queries.shape[0] && labels.count == candidates.shape[0]
                && (queryLabels != nil || queries.shape[0] == candidates.shape[0]),
            "Retrieval", "\(wanted.count) and \(labels.count) labels for \(queries.shape[0]) queries and \(candidates.shape[0]) candidates")
        var ranks: [Double] = []
        ranks.reserveCapacity(wanted.count)
        Similarities.forEachRow(of: queries, against: candidates) { row, scores in
            var best = -Float.infinity
            for j in labels.indices where labels[j] == wanted[row] { best = max(best, scores[j]) }
            var above = 0, equal = 0
            for j in labels.indices where labels[j] != wanted[row] {
                if scores[j] > best { above += 1 } else if scores[j] == best { equal += 1 }
            }
            ranks.append(Double(above) + Double(equal) / 2)
        }
        return ranks
    }
}
