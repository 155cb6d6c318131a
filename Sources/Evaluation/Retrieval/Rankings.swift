public import ConcordTensors

/// Where the right answers of many queries rank, by cosine similarity: metrics at any K, and of single queries.
///
/// ```swift
/// let rankings = Rankings(queries: imageEmbeddings, candidates: textEmbeddings, answers: [[0, 1], [2]])
/// let recall = rankings.mean { $0.recall(at: 3) }
/// let interval = Bootstrap(key: RandomKey(seed: 1)).interval(of: rankings.queries.count) { samples in
///     Rankings.mean(samples.map { rankings.queries[$0].reciprocalRank })
/// }
/// ```
public struct Rankings: Sendable, Equatable {
    /// Of each query that has a right answer, in order.
    public let queries: [AnswerRanks]
    /// Number of candidates ranked.
    public let candidates: Int

    /// - Parameters:
    ///   - queries: embeddings `[N, D]`, of any length but zero.
    ///   - candidates: embeddings `[M, D]`.
    ///   - answers: for each query the rows of `candidates` that are right, in any order, without repetition. A query
    ///     without any is excluded; its candidates stay.
    /// - Precondition: N lists of rows in `0 ..< M`.
    public init(queries: Tensor, candidates: Tensor, answers: [[Int]]) {
        let (rows, columns) = Self.sizes(queries, candidates)
        ShapeCheck.require(
            answers.count == rows && answers.allSatisfy { $0.allSatisfy { 0 <= $0 && $0 < columns } }, "Retrieval",
            "\(answers.count) lists of answers for \(rows) queries and \(columns) candidates")
        let unit = candidates.detached.l2Normalized(), equals = EqualRows(unit)
        let isFinite = queries.isFinite && candidates.isFinite
        var ranks = [AnswerRanks?](repeating: nil, count: rows)
        ranks.withUnsafeMutableBufferPointer { ranks in
            queries.detached.l2Normalized().forEachBlock(ofProductWith: unit) { block, scores in
                Parallel.run(block.count, grain: max(1, 100_000 / max(1, columns))) { range in
                    for place in range where !answers[block.lowerBound + place].isEmpty {
                        let row = block.lowerBound + place
                        let own = UnsafeBufferPointer(rebasing: scores[place * columns..<(place + 1) * columns])
                        ranks[row] =
                            isFinite && equals.repeated.isEmpty
                            ? AnswerRanks(own, answers: answers[row])
                            : AnswerRanks(scores: equals.scores(own), answers: answers[row])
                    }
                }
            }
        }
        self.queries = ranks.compactMap { $0 }
        self.candidates = columns
    }

    static func sizes(_ queries: Tensor, _ candidates: Tensor) -> (queries: Int, candidates: Int) {
        ShapeCheck.require(
            queries.rank == 2 && candidates.rank == 2 && queries.shape[1] == candidates.shape[1], "Retrieval",
            "queries \(queries.shape) and candidates \(candidates.shape) must be [N, D] and [M, D]")
        return (queries.shape[0], candidates.shape[0])
    }

    /// The mean of a metric over queries; 0 without queries.
    public func mean(_ metric: (AnswerRanks) -> Double) -> Double { Self.mean(queries.map(metric)) }

    /// The mean of some values; 0 without any.
    public static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
}
