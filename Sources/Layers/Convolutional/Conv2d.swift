public import ConcordTensors

/// A two-dimensional convolution (cross-correlation, as everywhere in the field) of `[N, H, W, C]`.
public final class Conv2d: ConvolutionLayer {
    /// `[out, in / groups, kH, kW]`.
    public let weight: Parameter
    /// `[out]`.
    public let bias: Parameter?
    /// Steps between windows, zeros on each side, steps between a window's elements, groups of channels.
    public let stride: Int, padding: Int, dilation: Int, groups: Int

    /// - Parameters:
    ///   - inputs, outputs: channels.
    ///   - kernel: height and width.
    ///   - padding: zeros on every side.
    ///   - weights, biases: initial values; uniform in ±1/sqrt(inputs / groups * kernel * kernel), as PyTorch's, where
    ///     nil.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1,
        bias: Bool = true, weights: Initializer? = nil, biases: Initializer? = nil
    ) {
        (weight, self.bias) = Self.parameters(
            inputs, outputs, kernel: [kernel, kernel], groups: groups, bias: bias, weights, biases)
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    }

    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H', W', out]`, `H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1` rounded down.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved2d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }

    /// As ``ConvolutionLayer`` says, of `[N, H, W, in]`.
    public func convolved(
        _ x: Tensor, folding norm: BatchNorm, activation: FusedActivation?, residual: Tensor?
    ) -> Tensor {
        x.convolved2d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups, normalization: norm.normalization, activation: activation, residual: residual)
    }
}
