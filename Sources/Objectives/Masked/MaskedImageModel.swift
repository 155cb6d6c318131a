public import ConcordLayers
public import ConcordTensors

/// Predicts the raw pixels of masked patches from all tokens, by one linear layer (SimMIM).
///
/// The encoder sees every patch; a trained token takes the place of the masked ones before their positions are added.
///
///     loss = mean over masked pixels and channels of  |predicted - pixel|
///
/// ```swift
/// let simmim = MaskedImageModel(VisionTransformer(patch: 4, imageSize: 32, width: 128, depth: 4, pooling: .mean))
/// let loss = simmim(images)                                             // [N, 32, 32, 3]
/// ```
///
/// A prediction of zeros has the mean absolute value of the normalized pixels as its loss, about 0.8.
/// In checkpoints: `encoder.…`, `mask_token`, `decoder.weight`, `decoder.bias`.
/// - Source: Xie et al. 2021, arXiv:2111.09886, as `simmim.py`. Deviations: rows of the decoder are pixels in the order
///   row, column, channel (theirs are shuffled channel first), the mean has no 1e-5 in its divisor, and the encoder has
///   no relative positions.
public final class MaskedImageModel: ImageObjective {
    /// Images `[N, H, W, 3]`.
    public typealias Input = Tensor

    /// The encoder that is trained.
    public let encoder: any PatchEncoder
    /// In the place of every masked patch, `[1, 1, C]`.
    public let maskToken: Parameter
    /// To the pixels of a patch.
    public let decoder: Linear
    /// Which patches are masked.
    public let masking: PatchMasking

    /// - Parameter masking: the paper masks 60 % of squares of 32 pixels.
    public init(_ encoder: any PatchEncoder, masking: PatchMasking = PatchMasking(fraction: 0.6, block: 2)) {
        self.encoder = encoder
        maskToken = Parameter([1, 1, encoder.featureDimension], .normal(std: 0.02))
        decoder = Linear(encoder.outputDimension, 3 * encoder.patch * encoder.patch)
        self.masking = masking
    }

    /// Masks the images by their samples' keys and returns their loss, in the surrounding mode.
    public func callAsFunction(_ images: Tensor) -> Loss {
        self(images, masked: masking.masked(images, patch: encoder.patch))
    }

    /// The loss of images whose masked patches are known.
    public func callAsFunction(_ images: Tensor, masked: MaskedPatches) -> Loss {
        let targets = masked.targets(images, patch: encoder.patch, isNormalized: false)
        return Loss((predictions(images, masked: masked) - targets).abs().mean())
    }

    /// The predicted pixels of the masked patches, `[N M, P P 3]`.
    public func predictions(_ images: Tensor, masked: MaskedPatches) -> Tensor {
        let (rows, columns) = (images.shape[1] / encoder.patch, images.shape[2] / encoder.patch)
        let tokens = masked.filled(encoder.embedded(images), with: maskToken.value, at: masked.replaced)
        let placed = encoder.placed(tokens, rows: rows, columns: columns)  // [N, L, C]
        let steps = encoder.context(encoder.prefixed(placed), mask: nil), length = steps.shape[1]
        let own = steps.sliced(encoder.prefixCount..<length, axis: 1).reshaped([-1, steps.shape[2]])
        return decoder(own.gathered(at: masked.masked))
    }
}
