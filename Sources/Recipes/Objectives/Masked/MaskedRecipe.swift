import ConcordEncoders
public import ConcordLayers
import ConcordObjectives

/// Masked language modeling of text (BERT).
///
/// ```yaml
/// objective: {name: masked, fraction: 0.15, masking: {form: whole_word}}         # all subwords of a word together
/// ```
/// `masking: {form: span}` masks runs of words (SpanBERT), `{duplicates: 1}` always the same tokens of a text.
public struct MaskedRecipe: ObjectiveRecipe {
    public static let name = "masked"

    let settings: MaskedSettings
    /// Whose words are predicted; nil where the data have no text.
    private let input: RecipeInput?

    public init(_ fields: Fields, data: DataSettings) throws {
        let names = data.inputs.filter { $0.kind == .text }.map(\.name)
        input =
            names.isEmpty
            ? nil : data.input(try fields.choice("input", default: names[0], of: names, "Whose words are predicted."))
        settings = try MaskedSettings(fields, isPart: false)
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try input ?? data.require(.text, for: Self.name)])
        (needs.predictsTokens, needs.masksTokens) = (true, true)
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], masked = try Self.model(settings, parts, of: input)
        let encoder = try parts.textEncoder(of: input)
        return TrainingTask(masked.on(\.[text: input.name]), embedders: [input: .texts(encoder)], masked: masked)
    }

    /// Over the transformer of an input.
    static func model(
        _ settings: MaskedSettings, _ parts: RecipeParts, of input: RecipeInput
    ) throws -> MaskedLanguageModel {
        guard let text = try parts.textEncoder(of: input) as? TextTransformer else {
            let key = parts.recipe.model.encoder(of: input)?.key ?? input.name
            throw RecipeError.data(
                message: "model.\(key).encoder: objective masked predicts with a transformer's tokens; set it to transformer")
        }
        guard text.vocabulary.mask != nil else {
            throw RecipeError.noMaskToken
        }
        guard !text.isCausal else {
            throw RecipeError.data(
                message: "model.text.causal: objective masked must see the whole text; set it to false")
        }
        let continuations = settings.form == .token ? nil : parts.wordContinuations
        return MaskedLanguageModel(
            text,
            masking: Masking(
                fraction: Float(settings.fraction), wordContinuations: continuations,
                spans: settings.form == .span ? settings.spans : nil, duplicates: settings.duplicates))
    }
}

/// The keys of masked language modeling, alone or as a part of another objective.
public struct MaskedSettings: Sendable {
    /// Fraction of a text's tokens that are masked.
    public let fraction: Double
    /// What the part counts beside the first objective.
    public let weight: Double
    /// How the weight changes over the run; nil: it does not.
    public let weightSchedule: ScheduledValue?
    /// What is masked together.
    public let form: Form
    /// Of `Form.span`.
    let spans: Masking.Spans
    /// Masks of a text, of which each epoch draws one; nil for another in every epoch.
    public let duplicates: Int?

    /// What is masked together.
    public enum Form: String, Sendable, CaseIterable {
        /// Single tokens.
        case token
        /// All subwords of a word.
        case wholeWord = "whole_word"
        /// Runs of words.
        case span
    }

    init(_ fields: Fields, isPart: Bool) throws {
        fields.renamed("share", to: "fraction")
        fraction = try fields.number(
            "fraction", default: 0.15, in: 0.001...0.999, "Fraction of a text's tokens that are masked.")
        let masksWholeWords = try fields.flag(
            "whole_word", default: false, "Whether all subwords of a word are masked together: masking.form.")
        let masking = try fields.fields("masking", "Which tokens are masked.")
        form = try masking.choice(
            "form", default: masksWholeWords ? .wholeWord : Form.token,
            "What is masked together: single tokens, all subwords of a word, or spans: runs of words (SpanBERT).")
        let probability = try masking.number(
            "span_probability", default: 0.2, in: 0.01...1, "p of the geometric lengths of spans.")
        let longest = try masking.integer("span_longest", default: 10, in: 1...1000, "Words of the longest span.")
        spans = Masking.Spans(probability: Float(probability), longest: longest)
        duplicates = try masking.integer(
            "duplicates", in: 1...1000,
            "Masks of a text, of which each epoch draws one; 1 is always the same; by default others in every epoch.")
        weight =
            isPart
            ? try fields.number(
                "weight", default: 0.1, in: 0...1000, "Weight of the masked loss beside the contrastive one.") : 1
        weightSchedule =
            isPart
            ? try fields.schedule(of: "weight", from: 0, to: weight, in: 0...1000, allowsWarmUp: true) : nil
    }
}
