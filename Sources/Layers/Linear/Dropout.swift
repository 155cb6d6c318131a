public import ConcordTensors

/// Zeroes each element with the given probability and scales the others up; the identity in evaluation mode.
/// - Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
public final class Dropout: Module {
    /// Of an element to become zero, in `0..<1`.
    public let probability: Float

    /// - Parameter probability: in `0..<1`.
    public init(_ probability: Float) {
        ShapeCheck.require((0..<1).contains(probability), "Dropout", "probability \(probability) is not in 0..<1")
        self.probability = probability
    }

    /// - Returns: the same shape; in training each element is zero or `x / (1 - probability)`.
    public func callAsFunction(_ x: Tensor) -> Tensor { probability == 0 ? x : x.dropout(probability) }
}
