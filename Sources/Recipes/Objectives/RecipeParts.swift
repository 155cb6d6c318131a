public import ConcordEncoders
public import ConcordLayers
import ConcordObjectives
public import ConcordTensors
import Synchronization

/// What an objective's recipe is made of: the encoders that the recipe describes, one for all inputs that share it.
public struct RecipeParts: Sendable {
    /// What the parts are of.
    public let recipe: Recipe
    /// What the objective asks of the data: in a sum, the part that is made.
    public private(set) var needs: DataNeeds
    /// The text transformer; nil where the recipe has none.
    public var text: TextTransformer? { encoders.values.lazy.compactMap { $0 as? TextTransformer }.first }
    /// By token id, whether a token continues a word; nil where the tokenizer does not say.
    let wordContinuations: [Bool]?
    /// The ids of each input of ids, with how many training rows have each.
    public let ids: [RecipeInput: IDVocabulary]
    /// The classes of the label that is learned, by its column.
    public let classes: [String: LabelClasses]
    /// By the key of `model`.
    private let encoders: [String: any Module]
    private let frameEncoders = FrameEncoders()

    init(
        _ recipe: Recipe, vocabulary: Vocabulary?, wordContinuations: [Bool]?, ids: [RecipeInput: IDVocabulary],
        classes: [String: LabelClasses] = [:]
    ) throws {
        (self.recipe, self.wordContinuations, self.ids, self.classes) = (recipe, wordContinuations, ids, classes)
        needs = recipe.objective.needs
        func made(_ encoder: some EncoderRecipe, of inputs: [RecipeInput]) throws -> any Module {
            let count = inputs.first.flatMap { ids[$0]?.count } ?? 0
            return try encoder.makeEncoder(
                EncoderContext(views: recipe.views, vocabulary: vocabulary, idCount: count))
        }
        encoders = try Dictionary(
            uniqueKeysWithValues: recipe.model.encoders.map { ($0.key, try made($0.recipe, of: $0.inputs)) })
    }

    /// The same encoders for a part of the objective.
    func serving(_ needs: DataNeeds) -> RecipeParts {
        var parts = self
        parts.needs = needs
        return parts
    }

    /// The encoder of an input of images; inputs that share it get the same one.
    /// - Throws: where the objective's needs do not name it.
    public func imageEncoder(of input: RecipeInput = .image) throws -> any FeatureEncoder<Tensor> {
        try encoder(of: input)
    }

    /// The encoder of an input of texts.
    /// - Throws: where the objective's needs do not name it.
    public func textEncoder(of input: RecipeInput = .text) throws -> any FeatureEncoder<Tokens> {
        try encoder(of: input)
    }

    /// The encoder of an input of audio.
    /// - Throws: where the objective's needs do not name it.
    public func audioEncoder(of input: RecipeInput = .audio) throws -> any FeatureEncoder<Waveform> {
        try encoder(of: input)
    }

    /// The encoder of an input of videos.
    /// - Throws: where the objective's needs do not name it.
    public func videoEncoder(of input: RecipeInput = .video) throws -> any FeatureEncoder<Video> {
        try encoder(of: input)
    }

    /// The frames of an input of videos, the causal network over them (a GRU where the recipe names nothing else), and
    /// the frames of a clip.
    /// - Throws: where its encoder has no such frames.
    func videoFrames(
        of input: RecipeInput
    ) throws -> (encoder: VideoEncoder, context: any SequenceLayer, length: Int) {
        guard let length = recipe.views.video?.length,
            let settings = recipe.model.encoder(of: input)?.recipe as? VideoRecipe,
            let encoder = try videoEncoder(of: input) as? VideoEncoder
        else {
            throw RecipeError.data(
                message: "model.\(recipe.model.encoder(of: input)?.key ?? input.name).encoder: objective "
                    + "\(recipe.objective.name) predicts the frames of encoder \(VideoRecipe.name)")
        }
        let context =
            try settings.layer(over: encoder.frame, isCausal: true)
            ?? GRU(encoder.featureDimension, hidden: encoder.featureDimension)
        return (VideoEncoder(frame: encoder.frame), context, length)
    }

    /// The encoder of an input of ids.
    /// - Throws: where the objective's needs do not name it.
    public func idEncoder(of input: RecipeInput) throws -> any FeatureEncoder<IDs> { try encoder(of: input) }

    private func encoder<Input>(of input: RecipeInput) throws -> any FeatureEncoder<Input> {
        guard let settings = recipe.model.encoder(of: input),
            let encoder = encoders[settings.key] as? any FeatureEncoder<Input>
        else { throw RecipeError.data(message: "objective \(recipe.objective.name) has no encoder of \(input)") }
        return encoder
    }

    /// The encoders with their keys of `model`, and those of frames that objectives made.
    var encodersByKey: [(key: String, module: any Module)] {
        encoders.map { ($0.key, $0.value) } + frameEncoders.all.map { ($0.key, $0.value) }
    }

    /// The encoders that read tokens.
    var textEncoders: [any Module] {
        recipe.model.encoders.filter { $0.inputs.first?.kind == .text }.compactMap { encoders[$0.key] }
    }

    /// The frames of an input of audio, for objectives that put a context of their own over them.
    /// - Throws: where its encoder has no such frames.
    func frameEncoder(of input: RecipeInput) throws -> (encoder: WaveformEncoder, settings: WaveformSettings) {
        guard let settings = recipe.model.encoder(of: input), let views = recipe.views.audio else {
            throw RecipeError.data(message: "objective \(recipe.objective.name) wants audio")
        }
        guard let audio = settings.recipe as? any WaveformRecipe else {
            let known = Recipe.encoderKinds(of: .audio).filter { $0 is any WaveformRecipe.Type }.map { $0.name }
            throw RecipeError.data(
                message: "model.\(settings.key).encoder: objective \(recipe.objective.name) predicts the frames of "
                    + "one of \(known.joined(separator: ", "))")
        }
        var configuration = try audio.configuration(views)
        configuration.context = .none
        return (frameEncoders.encoder(settings.key, configuration), audio.convolutions)
    }

    /// What runs over the frames of a predictive objective: a GRU where the recipe names nothing else.
    /// - Throws: where the recipe's context sees later frames.
    func context(over channels: Int, _ audio: WaveformSettings) throws -> any SequenceLayer {
        switch audio.context {
        case .none: return GRU(channels, hidden: channels)
        case .gru: return GRU(channels, hidden: audio.hidden, layers: audio.layers)
        case .lstm: return LSTM(channels, hidden: audio.hidden, layers: audio.layers)
        case .transformer:
            guard audio.positions == .sinusoidal else {
                throw RecipeError.data(
                    message: "model.audio.positions: convolution sees later frames, which objective "
                        + "\(recipe.objective.name) predicts; sinusoidal wanted")
            }
            return TransformerContext(
                channels, width: audio.hidden, depth: audio.layers, heads: audio.heads, causal: true,
                dropout: Float(audio.dropout), placement: audio.placement)
        }
    }

    /// The transformer over masked frames, which sees both sides of a frame, as wide as the recipe's context.
    /// - Parameter channels: of what it sees.
    /// - Throws: where the recipe names no transformer.
    func bidirectionalContext(_ audio: WaveformSettings, over channels: Int) throws -> TransformerContext {
        guard audio.context == .transformer else {
            throw RecipeError.data(
                message: "model.audio.context: \(audio.context.rawValue) does not see both sides of a masked frame, as "
                    + "objective \(recipe.objective.name) asks; transformer wanted, as in context: transformer, "
                    + "layers: 4")
        }
        return TransformerContext(
            channels, width: audio.hidden, depth: audio.layers, heads: audio.heads, dropout: Float(audio.dropout),
            positions: audio.positions, placement: audio.placement)
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

/// The encoders of frames that were made, one for each key of `model`: all parts of a sum share them.
private final class FrameEncoders: Sendable {
    private let made = Mutex<[String: WaveformEncoder]>([:])

    var all: [String: WaveformEncoder] { made.withLock { $0 } }

    func encoder(_ key: String, _ configuration: WaveformEncoder.Configuration) -> WaveformEncoder {
        made.withLock { made in
            let encoder = made[key] ?? WaveformEncoder(configuration)
            made[key] = encoder
            return encoder
        }
    }
}

extension Fields {
    /// The key `input`: the audio or the videos that an objective reads; by default audio where the data have any.
    func segmentedInput(_ data: DataSettings, _ meaning: String) throws -> RecipeInput {
        let inputs = data.inputs.filter(\.kind.hasSegments)
        guard inputs.count > 1 else { return inputs.first ?? .audio }
        let name = try choice("input", default: inputs[0].name, of: inputs.map(\.name), meaning)
        return data.input(name) ?? inputs[0]
    }
}
