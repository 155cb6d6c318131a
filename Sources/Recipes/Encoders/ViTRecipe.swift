public import ConcordEncoders
public import ConcordLayers
public import ConcordTensors

/// A transformer over the patches of images (ViT).
///
/// ```yaml
/// model: {image: {encoder: vit, patch: 16, width: 192, depth: 12, heads: 3, pooling: class}}      # ViT-Ti/16
/// views: {size: 224}
/// ```
public struct ViTRecipe: EncoderRecipe {
    public static let name = "vit"

    /// Side of a patch in pixels.
    public let patch: Int
    /// Size of the hidden states, number of blocks, and attention heads in each.
    public let width, depth, heads: Int
    /// How an image becomes one vector.
    public let pooling: VisionTransformer.Pooling
    /// Where the patches' positions come from.
    public let positions: GridPositions.Form
    /// Tokens that belong to no patch, beside the class token.
    public let registers: Int
    /// Whether a patch sees itself and those before it alone.
    public let isCausal: Bool
    /// Probability in every block.
    public let dropout: Double
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool

    public init(_ fields: Fields, for use: EncoderUse) throws {
        patch = try fields.integer(
            "patch", default: 16, in: 1...256, "Side of a patch in pixels; views.size must be a multiple.")
        width = try fields.integer("width", default: 192, in: 1...65536, "Size of the hidden states.")
        depth = try fields.integer("depth", default: 12, in: 1...1000, "Number of blocks.")
        heads = try fields.integer(
            "heads", default: TransformerRecipe.heads(width), in: 1...width,
            "Attention heads; width must be a multiple. By default one for 64 channels.")
        guard width % heads == 0 else { throw fields.fault("heads", "width \(width) is no multiple of \(heads) heads") }
        pooling = try fields.choice(
            "pooling", default: VisionTransformer.Pooling.mean,
            "How an image becomes one vector: the output of a class token (the paper's), or the mean of the patches'.")
        positions = try fields.choice(
            "positions", default: GridPositions.Form.sinCos,
            "learned: a trained table (the paper's); sin_cos: fixed sines of column and row (MAE's).")
        guard positions == .learned || width % 4 == 0 else {
            throw fields.fault("positions", "sin_cos wants a width that is a multiple of 4, not \(width)")
        }
        registers = try fields.integer(
            "registers", default: 0, in: 0...1024, "Register tokens: extra ones that belong to no patch.")
        isCausal = try fields.flag(
            "causal", default: use.isCausal, "Whether a patch sees itself and those before it, row by row, alone.")
        guard !isCausal || pooling == .mean && registers == 0 else {
            throw fields.fault("causal", "tokens before the patches see none of them; pooling: mean, registers: 0 wanted")
        }
        dropout = try fields.number("dropout", default: 0, in: 0...0.99, "Dropout in every block.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tensor> {
        let size = context.views.image?.size ?? 224
        guard size % patch == 0 else {
            throw RecipeError.data(
                message: "views.size: encoder vit cuts images into patches of \(patch) pixels (patch), of which "
                    + "\(size) is no multiple")
        }
        if let local = context.views.image?.localCrops?.size, local % patch != 0 {
            throw RecipeError.data(
                message: "views.local_crops.size: encoder vit cuts images into patches of \(patch) pixels (patch), of "
                    + "which \(local) is no multiple")
        }
        return VisionTransformer(
            patch: patch, imageSize: size, width: width, depth: depth, heads: heads, pooling: pooling,
            positions: positions, registers: registers, dropout: Float(dropout), causal: isCausal,
            checkpointing: checkpointing)
    }

    public var embeddingSize: Int { width }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let width = Double(width), pixels = Double(3 * patch * patch)
        return [
            EncoderCost("width", 12 * width * width * Double(depth) + width * pixels),
            EncoderCost("registers", width * Double(registers)),
        ]
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        guard let size = views.image?.size else { return [] }
        let side = Double(size / patch), kept = checkpointing ? 1.0 : 8.0
        let tokens = side * side + Double(registers)
        return [EncoderCost("patch", Double(samples) * tokens * Double(width) * 4 * (Double(depth) * kept + 1))]
    }
}
