public import ConcordTensors

/// An affine map of the last axis: `y = x Wᵀ + b`.
///
/// ```swift
/// let y = Linear(512, 256)(x)                                           // [..., 512] -> [..., 256]
/// ```
public final class Linear: Module {
    /// `[out, in]`.
    public let weight: Parameter
    /// `[out]`.
    public let bias: Parameter?

    /// - Parameters:
    ///   - weights, biases: initial values; uniform in ±1/sqrt(inputs), as PyTorch's, where nil.
    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, weights: Initializer? = nil, biases: Initializer? = nil
    ) {
        weight = Parameter([outputs, inputs], weights ?? .fanIn(inputs))
        self.bias = bias ? Parameter([outputs], biases ?? .fanIn(inputs)) : nil
    }

    /// - Parameter x: `[..., in]`.
    /// - Returns: `[..., out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight: weight.value, bias: bias?.value) }
}
