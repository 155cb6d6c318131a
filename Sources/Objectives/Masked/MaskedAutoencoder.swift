public import ConcordLayers
public import ConcordTensors

/// Reconstructs the masked patches of images from the visible ones (MAE).
///
/// The encoder sees the visible patches alone. A small transformer, which is thrown away afterwards, sees its outputs
/// and one trained token for each masked patch, and predicts the pixels of these.
///
///     loss = mean over masked patches and their pixels of  (predicted - target)²
///
/// ```swift
/// let mae = MaskedAutoencoder(VisionTransformer(patch: 4, imageSize: 32, width: 128, depth: 4, pooling: .mean))
/// let loss = mae(images)                                                // [N, 32, 32, 3]
/// ```
///
/// With normalized targets of d values a prediction of zeros has the loss `1 - 1/d`, as far as patches are not flat.
/// In checkpoints: `encoder.…`, `mask_token`, `decoder_embed`, `decoder_blocks.…`, `decoder_norm`, `decoder_pred`.
/// - Source: He et al. 2021, arXiv:2111.06377, as `models_mae.py`. Deviations: visible patches stay in order (which
///   attention does not see), pixels are predicted where they are masked alone, and register tokens go through the
///   decoder as the class token does.
public final class MaskedAutoencoder: ImageObjective {
    /// Images `[N, H, W, 3]`.
    public typealias Input = Tensor

    /// The encoder that is trained.
    public let encoder: any PatchEncoder
    /// From the encoder's outputs to the decoder's width.
    public let decoderEmbed: Linear
    /// In the place of every masked patch, `[1, 1, D]`.
    public let maskToken: Parameter
    /// The decoder's blocks, in their order.
    public let decoderBlocks: [TransformerBlock]
    /// The decoder's last layer normalization.
    public let decoderNorm: LayerNorm
    /// To the pixels of a patch.
    public let decoderPred: Linear
    /// Which patches are masked.
    public let masking: PatchMasking
    /// Whether the pixels of each target patch have mean 0 and variance 1.
    public let normalizesTargets: Bool

    /// The fixed positions that the reference's files have.
    public var unusedCheckpointNames: [String] { ["decoder_pos_embed"] }

    /// - Parameters:
    ///   - masking: the paper masks 75 % of single patches.
    ///   - width: D of the decoder, a multiple of 4 and of `heads`; 512 in the paper.
    ///   - depth: of the decoder; 8 in the paper.
    ///   - heads: of the decoder; one for 32 channels where nil.
    ///   - normalizesTargets: whether the pixels of each target patch have mean 0 and variance 1.
    public init(
        _ encoder: any PatchEncoder, masking: PatchMasking = PatchMasking(fraction: 0.75), width: Int = 128,
        depth: Int = 2, heads: Int? = nil, normalizesTargets: Bool = true
    ) {
        let (inputs, pixels) = (encoder.outputDimension, 3 * encoder.patch * encoder.patch)
        ShapeCheck.require(width % 4 == 0, "MaskedAutoencoder", "width \(width) is no multiple of 4")
        self.encoder = encoder
        decoderEmbed = Linear(inputs, width, weights: .glorot(fanIn: inputs, fanOut: width), biases: .zeros)
        maskToken = Parameter([1, 1, width], .normal(std: 0.02))
        decoderBlocks = (0..<depth).map { _ in
            TransformerBlock(
                width: width, heads: heads ?? max(1, width / 32), epsilon: 1e-6, initialization: .glorot(width: width))
        }
        decoderNorm = LayerNorm(width, epsilon: 1e-6)
        decoderPred = Linear(width, pixels, weights: .glorot(fanIn: width, fanOut: pixels), biases: .zeros)
        (self.masking, self.normalizesTargets) = (masking, normalizesTargets)
    }

    /// Masks the images by their samples' keys and returns their loss, in the surrounding mode.
    public func callAsFunction(_ images: Tensor) -> Loss {
        self(images, masked: masking.masked(images, patch: encoder.patch))
    }

    /// The loss of images whose masked patches are known.
    public func callAsFunction(_ images: Tensor, masked: MaskedPatches) -> Loss {
        let targets = masked.targets(images, patch: encoder.patch, isNormalized: normalizesTargets)
        return Loss((predictions(images, masked: masked) - targets).squared().mean())
    }

    /// The predicted pixels of the masked patches, `[N M, P P 3]`; normalized where the targets are.
    public func predictions(_ images: Tensor, masked: MaskedPatches) -> Tensor {
        let (rows, columns) = (images.shape[1] / encoder.patch, images.shape[2] / encoder.patch)
        let tokens = encoder.placed(encoder.embedded(images), rows: rows, columns: columns)  // [N, L, C]
        let (count, width, prefix) = (tokens.shape[0], tokens.shape[2], encoder.prefixCount)
        let visible = tokens.reshaped([-1, width]).gathered(at: masked.visible).reshaped([count, -1, width])
        let codes = decoderEmbed(encoder.context(encoder.prefixed(visible), mask: nil))  // [N, prefix + V, D]
        let length = codes.shape[1], size = codes.shape[2]
        let patches =
            masked.filled(codes.sliced(prefix..<length, axis: 1), with: maskToken.value, at: masked.restored)
            + GridPositions.waves(rows, columns, size)  // [N, L, D]
        let input = prefix == 0 ? patches : .concatenated([codes.sliced(0..<prefix, axis: 1), patches], axis: 1)
        let decoded = decoderNorm(decoderBlocks.reduce(input) { x, block in block(x) })
        let own = decoded.sliced(prefix..<prefix + rows * columns, axis: 1).reshaped([-1, size])
        return decoderPred(own.gathered(at: masked.masked))
    }
}
