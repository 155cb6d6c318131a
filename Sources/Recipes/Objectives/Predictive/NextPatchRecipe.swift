public import ConcordEncoders
import ConcordLayers
public import ConcordObjectives

/// Regression of an image's next patch, row by row, from the patches before it (autoregressive image modeling).
///
/// ```yaml
/// objective: {name: next_patch, ahead: 1, distance: l2}
/// model: {image: {encoder: vit, patch: 4, width: 128, depth: 4}}
/// views: {size: 32}
/// ```
///
/// The vision transformer is causal: a patch sees itself and those before it.
/// - Source: El-Nouby et al. 2024, arXiv:2401.08541 (AIM), eq. 2, with its normalized pixels. Deviations: no prefix
///   whose patches see each other, and a linear head in place of twelve MLP blocks.
public struct NextPatchRecipe: ObjectiveRecipe {
    public static let name = "next_patch"

    /// Patches from the last one that is seen to the predicted one.
    public let ahead: Int
    /// How a predicted patch is compared with the true one.
    public let distance: FramePrediction<VisionTransformer>.Distance
    /// Whether the pixels of each target patch have mean 0 and variance 1.
    public let normalizesTargets: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        ahead = try fields.integer(
            "ahead", default: 1, in: 1...1000, "Patches from the last one that is seen to the predicted one.")
        distance = try fields.choice(
            "distance", default: FramePrediction<VisionTransformer>.Distance.l2,
            "l1: absolute error; l2: squared error.")
        normalizesTargets = try fields.flag(
            "normalized", default: true, "Whether the pixels of each target patch have mean 0 and variance 1.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.image, for: Self.name)])
        needs.causalKinds = [.image]
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], key = parts.recipe.model.encoder(of: input)?.key ?? input.name
        guard let encoder = try parts.imageEncoder(of: input) as? VisionTransformer, encoder.isCausal else {
            throw RecipeError.data(
                message: "model.\(key).encoder: objective \(Self.name) predicts the patches of encoder "
                    + "\(ViTRecipe.name) with causal: true")
        }
        let side = parts.imageSize / encoder.patch
        guard side * side > ahead else {
            throw RecipeError.data(
                message: "objective.ahead: an image of \(side * side) patches has none \(ahead) after its first; give "
                    + "fewer, a larger views.size, or a smaller model.\(key).patch")
        }
        let model = FramePrediction(
            encoder: encoder, target: .patches(encoder.patch, isNormalized: normalizesTargets), ahead: ahead,
            distance: distance)
        return TrainingTask(model.on(\.[image: input.name]), embedders: [input: .images(encoder)])
    }
}
