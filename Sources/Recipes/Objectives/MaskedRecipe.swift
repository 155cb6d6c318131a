import ConcordEncoders
import ConcordLayers
import ConcordObjectives

/// Masked language modeling of text (BERT).
///
/// ```yaml
/// objective: {name: masked, fraction: 0.15, whole_word: true}           # all subwords of a word are masked together
/// ```
public struct MaskedRecipe: ObjectiveRecipe {
    public static let name = "masked"

    let settings: MaskedSettings

    public init(_ fields: Fields, data: DataSettings) throws { settings = try MaskedSettings(fields, isPart: false) }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.text, for: Self.name)])
        (needs.predictsTokens, needs.masksTokens) = (true, true)
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let masked = try Self.model(settings, parts), input = parts.recipe.objective.needs.inputs[0]
        let encoder = try parts.textEncoder(of: input)
        return TrainingTask(masked.on(\.[text: input.name]), embedders: [input: .texts(encoder)], masked: masked)
    }

    /// Over the first text transformer of the recipe.
    static func model(_ settings: MaskedSettings, _ parts: RecipeParts) throws -> MaskedLanguageModel {
        guard let text = parts.text else {
            throw RecipeError.data(message: "model.text.encoder: objective masked predicts with a transformer's tokens")
        }
        guard text.vocabulary.mask != nil else {
            throw RecipeError.noMaskToken
        }
        guard !text.isCausal else {
            throw RecipeError.data(
                message: "model.text.causal: objective masked must see the whole text; set it to false")
        }
        let continuations = settings.masksWholeWords ? parts.wordContinuations : nil
        return MaskedLanguageModel(
            text, masking: Masking(fraction: Float(settings.fraction), wordContinuations: continuations))
    }
}

/// The keys of masked language modeling, alone or as a part of another objective.
public struct MaskedSettings: Sendable {
    /// Fraction of a text's tokens that are masked.
    public let fraction: Double
    /// What the part counts beside the first objective.
    public let weight: Double
    /// Whether all subwords of a word are masked together.
    public let masksWholeWords: Bool

    init(_ fields: Fields, isPart: Bool) throws {
        fields.renamed("share", to: "fraction")
        fraction = try fields.number(
            "fraction", default: 0.15, in: 0.001...0.999, "Fraction of a text's tokens that are masked.")
        masksWholeWords = try fields.flag(
            "whole_word", default: false, "Whether all subwords of a word are masked together.")
        weight =
            isPart
            ? try fields.number(
                "weight", default: 0.1, in: 0...1000, "Weight of the masked loss beside the contrastive one.") : 1
    }
}
