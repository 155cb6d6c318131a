import ConcordEncoders
public import ConcordLayers
public import ConcordTensors

/// CLIP's residual network: three convolutions first, pooling before strides, attention pooling at the end.
///
/// ```yaml
/// model: {image: {encoder: modified_resnet, blocks: [3, 4, 6, 3], width: 64, output: 1024}}
/// views: {size: 224}
/// ```
public struct ModifiedResNetRecipe: EncoderRecipe {
    public static let name = "modified_resnet"

    /// Blocks of the four stages; RN50 has `[3, 4, 6, 3]`.
    public let blocks: [Int]
    /// Channels of the first stage.
    public let width: Int
    /// Attention heads of the pooling.
    public let heads: Int
    /// Size of the embedding.
    public let output: Int
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool

    public init(_ fields: Fields, for use: EncoderUse) throws {
        blocks = try fields.integers("blocks", default: [3, 4, 6, 3], in: 1...100, "Blocks of each of the four stages.")
        guard blocks.count == 4 else {
            throw fields.fault("blocks", "\(blocks.count) stages; four numbers of blocks wanted, such as [3, 4, 6, 3]")
        }
        width = try fields.integer("width", default: 64, in: 2...1024, "Channels of the first stage; even.")
        guard width.isMultiple(of: 2) else { throw fields.fault("width", "\(width) is odd; an even number wanted") }
        heads = try fields.integer(
            "heads", default: max(1, width / 2), in: 1...65536,
            "Attention heads of the pooling; 32 * width must be a multiple. By default one for 64 channels.")
        guard 32 * width % heads == 0 else {
            throw fields.fault("heads", "\(32 * width) channels are no multiple of \(heads) heads")
        }
        output = try fields.integer("output", default: 1024, in: 1...65536, "Size of the embedding.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tensor> {
        let size = context.views.image?.size ?? 224
        guard size >= 32, size.isMultiple(of: 32) else {
            throw RecipeError.data(
                message: "views.size: encoder modified_resnet reads images of a multiple of 32 pixels, not \(size)")
        }
        guard context.views.image?.localCrops == nil else {
            throw RecipeError.data(
                message: "views.local_crops: encoder modified_resnet reads images of one size; remove it, or choose "
                    + "resnet or vit")
        }
        return ModifiedResNet(
            blocks: blocks, width: width, size: size, heads: heads, outputDimension: output,
            checkpointing: checkpointing)
    }

    public var batchNormalizedKey: String? { "encoder" }
    public var embeddingSize: Int { output }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let widths = Double(width) / 64, blocks = Double(blocks.reduce(0, +)) / 16
        return [EncoderCost("width", (23.5e6 * blocks + 12.6e6) * widths * widths)]
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        guard let size = views.image?.size else { return [] }
        let map = Double(size) / 2
        return [EncoderCost("width", Double(samples) * map * map * Double(width) * 8)]
    }
}
