public import ConcordTensors

/// A two-dimensional transposed convolution of `[N, H, W, C]`: each input place adds a kernel to the output, places
/// `stride` apart.
///
/// ```swift
/// let up = ConvTranspose2d(128, 64, kernel: 4, stride: 2, padding: 1)   // [N, 4, 4, 128] -> [N, 8, 8, 64]
/// ```
/// In checkpoints `weight` `[in, out / groups, kH, kW]` and `bias`, as `nn.ConvTranspose2d`.
/// - Source: Dumoulin, Visin 2016, arXiv:1603.07285, section 4.
public final class ConvTranspose2d: Module {
    /// `[in, out / groups, kH, kW]`.
    public let weight: Parameter
    /// `[out]`; nil without a bias.
    public let bias: Parameter?
    /// Steps between the kernels of neighboring inputs, places cut off on each side, places more at the bottom and
    /// right, steps between a kernel's elements, groups of channels.
    public let stride: Int, padding: Int, outputPadding: Int, dilation: Int, groups: Int

    /// - Parameters:
    ///   - inputs, outputs: channels.
    ///   - kernel: height and width.
    ///   - padding: places that are cut off on every side of the output.
    ///   - outputPadding: places more at its bottom and right.
    ///   - weights, biases: initial values; uniform in ±1/sqrt(outputs / groups * kernel²), as PyTorch's, where nil.
    /// - Precondition: `groups` divides both channel counts.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true, weights: Initializer? = nil, biases: Initializer? = nil
    ) {
        ShapeCheck.require(
            groups > 0 && inputs % groups == 0 && outputs % groups == 0, "ConvTranspose2d",
            "\(groups) groups do not divide both \(inputs) and \(outputs) channels")
        // What PyTorch takes for the fan-in of this layout.
        let fanIn = Initializer.fanIn(outputs / groups * kernel * kernel)
        weight = Parameter([inputs, outputs / groups, kernel, kernel], weights ?? fanIn)
        self.bias = bias ? Parameter([outputs], biases ?? fanIn) : nil
        (self.stride, self.padding, self.outputPadding) = (stride, padding, outputPadding)
        (self.dilation, self.groups) = (dilation, groups)
    }

    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H', W', out]`, `H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.transposedConvolved2d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, outputPadding: outputPadding,
            dilation: dilation, groups: groups)
    }
}
