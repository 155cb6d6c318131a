public import ConcordTensors

/// A convolution along time of `[N, T, C]`.
public final class Conv1d: Module {
    /// `[out, in / groups, k]`.
    public let weight: Parameter
    /// `[out]`.
    public let bias: Parameter?
    public let stride: Int, padding: Int, dilation: Int, groups: Int

    /// - Parameters:
    ///   - padding: zeros on both ends.
    ///   - weights, biases: first values; uniform in ±1/sqrt(inputs / groups * kernel), as PyTorch's, where nil.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1,
        bias: Bool = true, weights: Initializer? = nil, biases: Initializer? = nil
    ) {
        (weight, self.bias) = Convolution.parameters(
            inputs, outputs, kernel: [kernel], groups: groups, bias: bias, weights, biases, in: "Conv1d")
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    }

    /// - Parameter x: `[N, T, in]`.
    /// - Returns: `[N, T', out]`, `T' = (T + 2 padding - dilation (kernel - 1) - 1) / stride + 1` rounded down.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved1d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups)
    }
}
