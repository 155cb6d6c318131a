public import ConcordEncoders
public import ConcordLayers
public import ConcordTensors

/// A residual network over images.
///
/// ```yaml
/// model: {image: {encoder: resnet, depth: 18, stem: cifar, norm: group}}
/// ```
public struct ResNetRecipe: EncoderRecipe {
    public static let name = "resnet"

    /// 18, 34 or 50.
    public let depth: Int
    /// The first layers.
    public let stem: ResNet.Stem
    /// What follows each convolution.
    public let norm: ResNet.Normalization
    /// Channels of the first stage; 64 in the paper.
    public let width: Int
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool

    public init(_ fields: Fields, for use: EncoderUse) throws {
        depth = try fields.integer("depth", default: 18, oneOf: [18, 34, 50], "Layers.")
        stem = try fields.choice(
            "stem", default: ResNet.Stem.imageNet,
            "imagenet: 7x7, stride 2, max-pooling; cifar: 3x3 for small images.")
        norm = try fields.choice(
            "norm", default: ResNet.Normalization.batch,
            """
            Normalization: batch; group: independent of the batch, so exact with microbatch; frozen_batch: running \
            statistics as loaded.
            """)
        width = try fields.integer("width", default: 64, in: 1...1024, "Channels of the first stage.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
    }

    public func makeEncoder(_ context: EncoderContext) -> any FeatureEncoder<Tensor> {
        ResNet(depth: depth, stem: stem, width: width, normalization: norm, checkpointing: checkpointing)
    }

    public var batchNormalizedKey: String? { norm == .batch ? "norm" : nil }
    public var embeddingSize: Int { width * (depth == 50 ? 32 : 8) }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let paper: [Int: Double] = [18: 11.2e6, 34: 21.3e6, 50: 23.5e6], widths = Double(width) / 64
        return [EncoderCost("width", paper[depth, default: 11.2e6] * widths * widths)]
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        guard let size = views.image?.size else { return [] }
        let map = stem == .cifar ? Double(size) : Double(size) / 2
        return [EncoderCost("width", Double(samples) * map * map * Double(width) * 8)]
    }
}
