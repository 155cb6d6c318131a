public import ConcordTensors

/// Anomaly scores: how far an embedding is from its nearest neighbors among those of normal samples.
///
/// ```swift
/// let distances = NeighborDistances(embeddings: normal, k: 5)
/// let found = AnomalyDetection(scores: distances.scores(of: queries), isAnomaly: [false, true])
/// print(found.auroc ?? .nan)
/// ```
///
/// Distances are `1 - cosine`, in `0...2`: half the squared Euclidean distance of unit vectors, so that the k-th one
/// orders samples as the paper's does.
///
/// - Source: Sun, Ming, Zhu, Li 2022, "Out-of-distribution detection with deep nearest neighbors", arXiv:2204.06507.
public struct NeighborDistances: Sendable {
    /// Which distances make the score.
    public enum Aggregation: String, Sendable, Codable, CaseIterable {
        /// That to the k-th nearest neighbor.
        case kth
        /// The mean of those to the k nearest ones.
        case mean
    }

    private let search: NeighborSearch
    private let k: Int
    private let aggregation: Aggregation

    /// - Parameters:
    ///   - embeddings: of normal samples, `[N, D]`, at least one.
    ///   - k: neighbors, at least 1; all where there are fewer.
    ///   - aggregation: the k-th distance, as in the paper, or the mean.
    public init(embeddings: Tensor, k: Int = 5, aggregation: Aggregation = .kth) {
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] > 0 && k > 0, "NeighborDistances",
            "embeddings \(embeddings.shape) with k = \(k)")
        search = NeighborSearch(embeddings)
        self.k = min(k, embeddings.shape[0])
        self.aggregation = aggregation
    }

    /// The score of each row of `queries` `[M, D]`, higher for what is farther off.
    public func scores(of queries: Tensor) -> [Double] {
        let nearest = search.neighbors(of: queries, k: k).similarities.scalars  // [M, k], the most similar first
        return stride(from: 0, to: nearest.count, by: k).map { first in
            switch aggregation {
            case .kth: 1 - Double(nearest[first + k - 1])
            case .mean: 1 - nearest[first..<first + k].reduce(0) { $0 + Double($1) } / Double(k)
            }
        }
    }
}
