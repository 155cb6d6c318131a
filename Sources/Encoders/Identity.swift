public import ConcordLayers
public import ConcordTensors

/// Embeddings that are there already, such as those of a teacher: the input `[N, D]` is the output.
public final class Identity: FeatureEncoder {
    public let outputDimension: Int

    /// - Parameter dimension: size D of an embedding.
    public init(dimension: Int) { outputDimension = dimension }

    /// - Parameter input: `[N, D]`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        ShapeCheck.require(
            input.rank == 2 && input.shape[1] == outputDimension, "Identity",
            "[N, \(outputDimension)] wanted, found \(input.shape)")
        return input
    }
}
