public import ConcordTensors

/// Cuts images into squares and maps each linearly: a convolution whose stride is its kernel.
///
/// ```swift
/// let tokens = PatchEmbedding(patch: 16, 384)(images)                    // [N, 224, 224, 3] -> [N, 196, 384]
/// ```
///
/// In checkpoints: `proj.weight` `[D, C, P, P]` and `proj.bias`, as timm's.
/// - Source: Dosovitskiy et al. 2020, arXiv:2010.11929, eq. 1.
public final class PatchEmbedding: Module {
    /// The convolution's weights and biases.
    public let proj: Conv2d
    /// Side P of a patch in pixels.
    public let patch: Int

    /// - Parameters:
    ///   - patch: side P of a patch in pixels.
    ///   - size: D of a token.
    ///   - channels: of the images.
    public init(patch: Int, _ size: Int, channels: Int = 3) {
        proj = Conv2d(
            channels, size, kernel: patch, stride: patch,
            weights: .glorot(fanIn: channels * patch * patch, fanOut: size), biases: .zeros)
        self.patch = patch
    }

    /// - Parameter images: `[N, H, W, C]`, both sides multiples of P.
    /// - Returns: `[N, L, D]`, the patches row by row.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        let patches = images.patches(patch)  // [N, L, P P C]
        let weight = proj.weight.value.permuted([0, 2, 3, 1])  // [D, P, P, C]
        return patches.linear(weight: weight.reshaped([weight.shape[0], -1]), bias: proj.bias?.value)
    }
}

extension Tensor {
    /// Images `[N, H, W, C]` cut into squares, row by row, each as a vector in the order row, column, channel.
    /// - Parameter side: P, a divisor of H and W.
    /// - Returns: `[N, H W / P², P P C]`.
    public func patches(_ side: Int) -> Tensor {
        ShapeCheck.rank(self, 4, "[N, H, W, C]", in: "patches")
        let (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        ShapeCheck.require(
            side > 0 && height % side == 0 && width % side == 0 && height * width > 0, "patches",
            "images of \(height) x \(width) are no multiple of patches of \(side)")
        return reshaped([count, height / side, side, width / side, side, channels]).permuted([0, 1, 3, 2, 4, 5])
            .reshaped([count, height * width / (side * side), side * side * channels])
    }
}
