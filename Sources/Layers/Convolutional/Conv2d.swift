public import ConcordTensors

/// A two-dimensional convolution (cross-correlation, as everywhere in the field) of `[N, H, W, C]`.
public final class Conv2d: Module {
    /// `[out, in / groups, kH, kW]`.
    public let weight: Parameter
    /// `[out]`.
    public let bias: Parameter?
    public let stride: Int, padding: Int, dilation: Int, groups: Int

    /// - Parameters:
    ///   - kernel: height and width.
    ///   - padding: zeros on every side.
    ///   - weights, biases: first values; uniform in ±1/sqrt(inputs / groups * kernel * kernel), as PyTorch's, where
    ///     nil.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1,
        bias: Bool = true, weights: Initializer? = nil, biases: Initializer? = nil
    ) {
        (weight, self.bias) = Convolution.parameters(
            inputs, outputs, kernel: [kernel, kernel], groups: groups, bias: bias, weights, biases, in: "Conv2d")
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    }

    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H', W', out]`, `H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1` rounded down.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved2d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }
}
