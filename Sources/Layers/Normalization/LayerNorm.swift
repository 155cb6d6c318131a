public import ConcordTensors

/// Zero mean and unit variance over the last axis, then a learned scale and shift for each channel.
/// - Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450.
public final class LayerNorm: Module {
    /// `[C]`, from one.
    public let weight: Parameter
    /// `[C]`, from zero.
    public let bias: Parameter
    /// Added to the variance.
    public let epsilon: Float

    /// - Parameter epsilon: added to the variance.
    public init(_ size: Int, epsilon: Float = 1e-5) {
        weight = Parameter([size], .ones)
        bias = Parameter([size], .zeros)
        self.epsilon = epsilon
    }

    /// - Parameter x: `[..., C]`.
    /// - Returns: the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNormalized(weight: weight.value, bias: bias.value, epsilon: epsilon)
    }
}
