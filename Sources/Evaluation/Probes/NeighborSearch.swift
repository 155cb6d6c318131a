public import ConcordTensors

/// The most similar embeddings of a set, by cosine similarity, exactly.
///
/// A search costs one product `[M, D] [D, N]`, 2 M N D operations; the matrix of similarities is never whole in memory.
public struct NeighborSearch: Sendable {
    /// `[N, D]`, of length 1.
    private let embeddings: Tensor

    /// The nearest rows of some queries.
    public struct Neighbors: Sendable {
        /// Cosine similarities in descending order, `[M, k]`.
        public let similarities: Tensor
        /// Rows of the set, int32, `[M, k]`; of equally similar ones the first comes first.
        public let indices: Tensor
    }

    /// - Parameter embeddings: `[N, D]`.
    public init(_ embeddings: Tensor) {
        ShapeCheck.rank(embeddings, 2, "[N, D]", in: "NeighborSearch")
        self.embeddings = embeddings.detached.l2Normalized()
    }

    /// Number N of embeddings.
    public var count: Int { embeddings.shape[0] }

    /// The k nearest of each row of `queries` `[M, D]`; all where there are fewer.
    public func neighbors(of queries: Tensor, k: Int) -> Neighbors {
        ShapeCheck.require(k > 0, "NeighborSearch", "k \(k) must be positive")
        let found = queries.detached.l2Normalized().topKProducts(with: embeddings, k: min(k, count))
        return Neighbors(similarities: found.values, indices: found.indices)
    }
}
