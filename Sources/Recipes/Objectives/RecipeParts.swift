public import ConcordEncoders
import ConcordLayers
import ConcordObjectives

/// What an objective's recipe is made of: the encoders that the recipe describes.
public struct RecipeParts: Sendable {
    public let recipe: Recipe
    /// The text encoder; nil where the objective reads no text.
    public let text: TextTransformer?
    /// By token id, whether a token continues a word; nil where the tokenizer does not say.
    let wordContinuations: [Bool]?

    init(_ recipe: Recipe, vocabulary: Vocabulary?, wordContinuations: [Bool]?) throws {
        (self.recipe, self.wordContinuations) = (recipe, wordContinuations)
        text = try recipe.model.text.map { settings in
            guard let vocabulary else { throw RecipeError.data(message: "a text encoder wants a tokenizer") }
            return TextTransformer(settings, vocabulary: vocabulary)
        }
    }

    /// The image encoder of `model.image`.
    /// - Throws: where the objective's needs name no images.
    public func imageEncoder() throws -> ResNet {
        guard let image = recipe.model.image else {
            throw RecipeError.data(message: "objective \(recipe.objective.name) wants images")
        }
        return ResNet(
            depth: image.depth, stem: image.stem == .cifar ? .cifar : .imageNet, width: image.width,
            normalization: image.norm,
            checkpointing: image.checkpointing)
    }

    /// The sound encoder of `model.audio`.
    /// - Parameter withContext: false leaves out what runs over its frames, for objectives that put one there
    ///   themselves.
    public func audioEncoder(withContext: Bool = true) throws -> WaveformEncoder {
        guard let audio = recipe.model.audio, let views = recipe.views.audio else {
            throw RecipeError.data(message: "objective \(recipe.objective.name) wants sounds")
        }
        var configuration = WaveformEncoder.Configuration(audio, rate: views.rate)
        if !withContext { configuration.context = .none }
        return WaveformEncoder(configuration)
    }

    /// What runs over the frames of a predictive objective: a GRU where the recipe names nothing else.
    func context(over channels: Int) throws -> any SequenceLayer {
        guard let audio = recipe.model.audio else {
            throw RecipeError.data(message: "objective \(recipe.objective.name) wants sounds")
        }
        switch audio.context {
        case .none: return GRU(channels, hidden: channels)
        case .gru: return GRU(channels, hidden: audio.hidden, layers: audio.layers)
        case .lstm: return LSTM(channels, hidden: audio.hidden, layers: audio.layers)
        case .transformer: return TransformerContext(channels, depth: audio.layers, heads: audio.heads, causal: true)
        }
    }

    /// Refuses windows that hold no frame to predict.
    func requireFrames(_ encoder: WaveformEncoder, ahead: Int) throws {
        guard let views = recipe.views.audio, encoder.configuration.frames(of: views.length) <= ahead else { return }
        throw RecipeError.data(
            message:
                "views.audio.seconds: \(views.seconds) s hold \(encoder.configuration.frames(of: views.length)) "
                    + "frames, and the objective "
                + "predicts \(ahead) ahead; give longer windows, or a smaller objective.ahead or objective.horizon")
    }
}
