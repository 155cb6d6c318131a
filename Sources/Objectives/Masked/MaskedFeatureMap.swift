public import ConcordLayers
public import ConcordTensors

/// Predicts the raw pixels of masked squares by a convolutional network and one linear layer: SimMIM with a CNN.
///
/// A trained color takes the place of every masked pixel; each place of the encoder's last feature map predicts the
/// pixels of its square, whose side is the encoder's stride.
///
///     loss = mean over masked pixels and channels of  |predicted - pixel|
///
/// ```swift
/// let simmim = MaskedFeatureMap(ResNet(depth: 18, stem: .cifar))
/// let loss = simmim(images)                                             // [N, 32, 32, 3]
/// ```
/// In checkpoints: `encoder.…`, `mask_token` (`[3]`), `decoder.weight`, `decoder.bias`.
/// - Source: Xie et al. 2021, arXiv:2111.09886, for the masks, the linear decoder and the loss; a CNN has no tokens, so
///   pixels are replaced, and unlike in SparK (arXiv:2301.03580) its statistics see the masked ones too.
public final class MaskedFeatureMap: ImageObjective {
    /// Images `[N, H, W, 3]`, whose sides are multiples of the encoder's stride.
    public typealias Input = Tensor

    /// The encoder that is trained.
    public let encoder: any FeatureMapEncoder
    /// In the place of every masked pixel, `[3]`.
    public let maskToken: Parameter
    /// To the pixels of a square, in the order row, column, channel.
    public let decoder: Linear
    /// Which squares are masked.
    public let masking: PatchMasking

    /// - Parameter masking: SimMIM masks 60 % of squares of 32 pixels.
    public init(_ encoder: any FeatureMapEncoder, masking: PatchMasking = PatchMasking(fraction: 0.6)) {
        self.encoder = encoder
        maskToken = Parameter([3], .normal(std: 0.02))
        decoder = Linear(encoder.mapDimension, 3 * encoder.stride * encoder.stride)
        self.masking = masking
    }

    /// Masks the images by their samples' keys and returns their loss, in the surrounding mode.
    public func callAsFunction(_ images: Tensor) -> Loss {
        self(images, masked: masking.masked(images, patch: encoder.stride))
    }

    /// The loss of images whose masked squares are known.
    public func callAsFunction(_ images: Tensor, masked: MaskedPatches) -> Loss {
        let targets = masked.targets(images, patch: encoder.stride, isNormalized: false)
        return Loss((predictions(images, masked: masked) - targets).abs().mean())
    }

    /// The predicted pixels of the masked squares, `[N M, P P 3]`.
    public func predictions(_ images: Tensor, masked: MaskedPatches) -> Tensor {
        let side = encoder.stride, (rows, columns) = (images.shape[1] / side, images.shape[2] / side)
        let token = maskToken.value.broadcasted(to: [side * side, 3]).reshaped([3 * side * side])
        let patches = masked.filled(images.patches(side), with: token, at: masked.replaced)  // [N, L, P P 3]
        let seen = patches.reshaped([images.shape[0], rows, columns, side, side, 3]).permuted([0, 1, 3, 2, 4, 5])
        let map = encoder.features(seen.reshaped(images.shape))  // [N, rows, columns, C]
        return decoder(map.reshaped([-1, encoder.mapDimension]).gathered(at: masked.masked))
    }
}
