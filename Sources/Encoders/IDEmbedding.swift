public import ConcordLayers
public import ConcordTensors

/// A table with a row for each id: the encoder of users and items in a two-tower recommender.
///
/// ```swift
/// let towers = Contrastive<Interaction>(
///     Tower("user", \.user, IDEmbedding(count: 9614, dimension: 64), head: .none),
///     Tower("item", \.item, IDEmbedding(count: 1555, dimension: 64), head: .none), dimension: 64)
/// ```
/// In checkpoints: `table.weight` `[V, D]`.
public final class IDEmbedding: FeatureEncoder {
    /// The rows.
    public let table: Embedding
    /// Number V of ids.
    public let count: Int
    public let outputDimension: Int

    /// - Parameters:
    ///   - count: number V of ids.
    ///   - dimension: size D of an embedding.
    ///   - std: standard deviation of the initial values; 1 is PyTorch's.
    public init(count: Int, dimension: Int, std: Float = 1) {
        (self.count, outputDimension) = (count, dimension)
        table = Embedding(count, dimension, weights: .normal(std: std))
    }

    /// - Returns: `[N, D]`.
    /// - Precondition: every row is in `0 ..< count`.
    public func callAsFunction(_ input: IDs) -> Tensor { table(input.rows) }
}
