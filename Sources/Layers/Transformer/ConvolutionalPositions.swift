public import ConcordTensors

/// Adds to every step what a convolution over its surroundings says of its place: relative positions.
///
///     x + GELU(conv(x)),   conv's weight[:, :, k] = g[k] v[:, :, k] / |v[:, :, k]|
///
/// ```swift
/// let placed = ConvolutionalPositions(768, kernel: 128, groups: 16)(frames, mask: mask)  // [N, T, 768]
/// ```
/// The convolution sees both sides, zeros where there are no real steps, and keeps the number of steps; with an even
/// kernel it sees a step more before than after. In checkpoints: `weight_g`, `weight_v`, `bias`, as PyTorch's
/// `weight_norm` over the last axis has them.
/// - Source: Baevski et al. 2020, arXiv:2006.11477, section 2, as fairseq's `wav2vec2.py`; weight normalization:
///   Salimans, Kingma 2016, arXiv:1602.07868, eq. 2. Deviation: `g` starts at the expected length of `v`, not at its
///   own.
public final class ConvolutionalPositions: Module {
    /// Lengths of the taps, `[1, 1, K]`.
    public let weightG: Parameter
    /// Directions of the taps, `[C, C / groups, K]`.
    public let weightV: Parameter
    /// `[C]`.
    public let bias: Parameter
    /// Groups of channels.
    public let groups: Int

    /// - Parameters:
    ///   - width: C, a multiple of `groups`.
    ///   - kernel: steps K of a window, at least 1; 128 in the paper.
    ///   - groups: of channels; 16 in the paper.
    public init(_ width: Int, kernel: Int = 128, groups: Int = 16) {
        ShapeCheck.require(
            width > 0 && kernel > 0 && groups > 0 && width % groups == 0, "ConvolutionalPositions",
            "width \(width), kernel \(kernel), \(groups) groups: the groups have to divide the width")
        let std = (4 / Float(kernel * width)).squareRoot()
        weightV = Parameter([width, width / groups, kernel], .normal(std: std))
        weightG = Parameter([1, 1, kernel], .constant(std * Float(width) / Float(groups).squareRoot()))
        bias = Parameter([width], .zeros)
        self.groups = groups
    }

    /// The convolution's weight `[C, C / groups, K]`.
    public var weight: Tensor {
        let v = weightV.value
        return v * (weightG.value / v.squared().sum(axes: [0, 1], keepingAxes: true).sqrt())
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil. The others come out as zeros and what the
    ///     convolution makes of them.
    /// - Returns: `[N, T, C]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor? = nil) -> Tensor {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: "ConvolutionalPositions")
        let real = mask.map { $0.expandingAxis(at: 2).selecting(x, otherwise: 0) } ?? x, steps = x.shape[1]
        let y = real.convolved1d(
            weight: weight, bias: bias.value, stride: 1, padding: weightG.count / 2, dilation: 1, groups: groups)
        return real + (y.shape[1] == steps ? y : y.sliced(0..<steps, axis: 1)).gelu()
    }
}
