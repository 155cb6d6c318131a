public import ConcordTensors

/// A table of vectors, looked up by id; its gradient touches only the rows that were.
public final class Embedding: Module {
    /// `[V, C]`.
    public let weight: Parameter

    /// - Parameter weights: initial values; N(0, 1), as PyTorch's, by default.
    public init(_ vocabularySize: Int, _ size: Int, weights: Initializer = .normal(std: 1)) {
        weight = Parameter([vocabularySize, size], weights)
    }

    /// - Parameter ids: int32 of any shape, in `0..<V`.
    /// - Returns: the ids' shape with `C` behind it.
    public func callAsFunction(_ ids: Tensor) -> Tensor { weight.value.rows(at: ids) }
}
