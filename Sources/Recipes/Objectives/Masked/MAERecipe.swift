import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Masked autoencoding of images (MAE): the pixels of masked patches from the visible ones.
///
/// ```yaml
/// objective: {name: mae, fraction: 0.75}
/// model: {image: {encoder: vit, patch: 4, width: 128, depth: 4}}
/// views: {size: 32, scale: 0.2}
/// ```
/// - Source: He et al. 2021, arXiv:2111.06377. The decoder is lighter than theirs, of width 512 and depth 8.
public struct MAERecipe: ObjectiveRecipe {
    public static let name = "mae"

    private let masked: MaskedPatchSettings
    private let width, depth, heads: Int
    private let normalizesTargets: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        masked = try MaskedPatchSettings(fields, fraction: 0.75)
        width = try fields.integer(
            "decoder_width", default: 128, in: 4...65536, "Size of the decoder's hidden states, a multiple of 4.")
        guard width % 4 == 0 else { throw fields.fault("decoder_width", "\(width) is no multiple of 4") }
        depth = try fields.integer("decoder_depth", default: 2, in: 0...1000, "Number of the decoder's blocks.")
        heads = try fields.integer(
            "decoder_heads", default: Self.heads(width), in: 1...width,
            "Attention heads of the decoder; decoder_width must be a multiple. By default one for 32 channels.")
        guard width % heads == 0 else {
            throw fields.fault("decoder_heads", "decoder_width \(width) is no multiple of \(heads) heads")
        }
        normalizesTargets = try fields.flag(
            "normalized", default: true, "Whether the pixels of each target patch have mean 0 and variance 1.")
    }

    /// The most heads of at least 32 channels that divide the width.
    private static func heads(_ width: Int) -> Int {
        var heads = max(1, width / 32)
        while width % heads != 0 { heads -= 1 }
        return heads
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        DataNeeds([try data.require(.image, for: Self.name)])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], encoder = try parts.patchEncoder(of: input)
        let mae = MaskedAutoencoder(
            encoder, masking: try masked.masking(parts, patch: encoder.patch, block: 1), width: width, depth: depth,
            heads: heads, normalizesTargets: normalizesTargets)
        let embedder = ModalityEmbedder.images(try parts.imageEncoder(of: input))
        return TrainingTask(mae.on(\.[image: input.name]), embedders: [input: embedder])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.decoder_width", 12 * Double(width) * Double(width) * Double(depth))
    }
}

/// The keys of masked image modeling that all its forms share.
struct MaskedPatchSettings: Sendable {
    private let fraction: Double
    private let block: Int?
    private let form: PatchMasking.Form

    init(_ fields: Fields, fraction: Double) throws {
        self.fraction = try fields.number(
            "fraction", default: fraction, in: 0.001...0.999, "Fraction of the image that is masked.")
        block = try fields.integer(
            "block", in: 1...1024,
            "Side in patches of the squares that are masked together; by default 1, for simmim over patches 2.")
        form = try fields.choice(
            "masking", default: PatchMasking.Form.squares,
            "What is masked: squares anywhere, or rectangles of several squares (BEiT).")
    }

    /// - Parameters:
    ///   - patch: side in pixels of what is masked at least.
    ///   - fallback: the block where no key says it.
    /// - Throws: where the grid of patches does not consist of such squares.
    func masking(_ parts: RecipeParts, patch: Int, block fallback: Int) throws -> PatchMasking {
        let side = parts.imageSize / patch, block = block ?? fallback
        guard side % block == 0, side > block else {
            throw RecipeError.data(
                message: "objective.block: images of views.size have \(side) x \(side) patches, which squares of "
                    + "\(block) do not divide into two or more; another block, views.size or model.image.patch wanted")
        }
        return PatchMasking(fraction: fraction, block: block, form: form)
    }
}

extension RecipeParts {
    /// The encoder of an input of images as one of patches.
    /// - Parameter other: another encoder that the objective takes.
    /// - Throws: where it has none that can be masked.
    func patchEncoder(of input: RecipeInput, or other: String? = nil) throws -> any PatchEncoder {
        guard let encoder = try imageEncoder(of: input) as? any PatchEncoder else {
            let key = recipe.model.encoder(of: input)?.key ?? input.name
            throw RecipeError.data(
                message: "model.\(key).encoder: objective \(recipe.objective.name) masks patches of images; set it to "
                    + ViTRecipe.name + (other.map { " or \($0)" } ?? ""))
        }
        if (encoder as? VisionTransformer)?.isCausal == true {
            throw RecipeError.data(
                message: "model.\(recipe.model.encoder(of: input)?.key ?? input.name).causal: objective "
                    + "\(recipe.objective.name) predicts masked patches from both sides; set it to false")
        }
        return encoder
    }
}
