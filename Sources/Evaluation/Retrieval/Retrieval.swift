public import ConcordTensors

/// How well queries find their right answers among candidates, by cosine similarity.
///
/// ```swift
/// let found = Retrieval(queries: imageEmbeddings, candidates: textEmbeddings)           // the n-th finds the n-th
/// let captions = Retrieval(queries: images, candidates: texts, answers: [[0, 1], [2]])  // several captions an image
/// print(found.r1, found.medianRank, captions.meanAveragePrecision)
/// ```
///
/// A query counts as found at K if any of its right answers is among the first K candidates. Candidates of equal score
/// share credit: every metric is its expected value under a random order of them, as ``AnswerRanks`` says. So identical
/// embeddings give chance, neither 0 nor 1. Metrics at other K are those of ``Rankings``.
public struct Retrieval: Sendable, Codable, Equatable {
    /// Mean over queries of the credit for a right answer among the first 1, 5, 10. Chance is K / candidates for one
    /// answer a query; 1 where there are no more than K candidates.
    public let r1, r5, r10: Double
    /// Median over queries of the first right answer's expected rank, from 1.
    public let medianRank: Double
    /// Mean over queries of the same.
    public let meanRank: Double
    /// Mean reciprocal rank (MRR): of the first right answer's inverse rank, in `0...1`.
    public let meanReciprocalRank: Double
    /// Mean average precision (MAP): of each right answer, the fraction of right ones up to its rank; in `0...1`. With
    /// one answer a query it is the MRR.
    public let meanAveragePrecision: Double
    /// Normalized discounted cumulative gain of the first 10, every right answer of gain 1; in `0...1`.
    public let ndcg10: Double
    /// The fraction of the first 1, 5, 10 that are right.
    public let precision1, precision5, precision10: Double
    /// The fraction of a query's right answers that are among the first 1, 5, 10. With one answer a query it is R@K.
    public let recall1, recall5, recall10: Double
    /// Number of queries that have a right answer among the candidates, and of candidates ranked.
    public let queries, candidates: Int

    enum CodingKeys: String, CodingKey {
        case r1, r5, r10, queries, candidates, ndcg10
        case precision1, precision5, precision10, recall1, recall5, recall10
        case medianRank = "median_rank"
        case meanRank = "mean_rank"
        case meanReciprocalRank = "mrr"
        case meanAveragePrecision = "map"
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
        let (rows, columns) = Rankings.sizes(queries, candidates)
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
        self.init(Rankings(queries: queries, candidates: candidates, answers: answers))
    }

    /// A summary of rankings; both ranks are not-a-number without queries, and the rest 0.
    public init(_ rankings: Rankings) {
        r1 = rankings.mean { $0.hit(at: 1) }
        r5 = rankings.mean { $0.hit(at: 5) }
        r10 = rankings.mean { $0.hit(at: 10) }
        let ranks = rankings.queries.map(\.firstRank).sorted(), middle = ranks.count / 2
        medianRank =
            ranks.isEmpty ? .nan : ranks.count % 2 == 1 ? ranks[middle] : (ranks[middle - 1] + ranks[middle]) / 2
        meanRank = ranks.isEmpty ? .nan : Rankings.mean(ranks)
        meanReciprocalRank = rankings.mean(\.reciprocalRank)
        meanAveragePrecision = rankings.mean(\.averagePrecision)
        ndcg10 = rankings.mean { $0.ndcg(at: 10) }
        precision1 = rankings.mean { $0.precision(at: 1) }
        precision5 = rankings.mean { $0.precision(at: 5) }
        precision10 = rankings.mean { $0.precision(at: 10) }
        recall1 = rankings.mean { $0.recall(at: 1) }
        recall5 = rankings.mean { $0.recall(at: 5) }
        recall10 = rankings.mean { $0.recall(at: 10) }
        queries = rankings.queries.count
        candidates = rankings.candidates
    }
}
