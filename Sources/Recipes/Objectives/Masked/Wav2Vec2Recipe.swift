import ConcordEncoders
import ConcordLayers
import ConcordObjectives

/// wav2vec 2.0: masked frames of sound are found by their quantized features.
///
/// ```yaml
/// objective: {name: wav2vec2, negatives: 100, codes: 320}
/// model: {audio: {encoder: wav2vec2, context: transformer, layers: 12, hidden: 768, positions: convolution}}
/// ```
/// The paper's blocks are post-norm (`norm_placement: post`).
/// - Source: Baevski, Zhou, Mohamed, Auli 2020, arXiv:2006.11477.
public struct Wav2Vec2Recipe: ObjectiveRecipe {
    public static let name = "wav2vec2"

    private let masked: SpanSettings
    private let negatives, dimension, groups, codes, codeDimension: Int
    private let temperature, diversity, penalty, gradientFactor, dropout: Double
    private let annealing: GumbelQuantizer.Annealing

    public init(_ fields: Fields, data: DataSettings) throws {
        masked = try SpanSettings(fields, fraction: 0.65)
        negatives = try fields.integer("negatives", default: 100, in: 1...65536, "Negative frames per masked frame.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
        dimension = try fields.integer(
            "dimension", default: 256, in: 1...65536, "Size in which frames and codes are compared.")
        groups = try fields.integer("groups", default: 2, in: 1...64, "Groups of codes; a frame has a code of each.")
        codes = try fields.integer("codes", default: 320, in: 2...65536, "Codes of a group.")
        codeDimension = try fields.integer(
            "code_dimension", default: dimension / groups * groups, in: 1...65536,
            "Size of a frame's codes together; a multiple of groups.")
        guard codeDimension % groups == 0 else {
            throw fields.fault("code_dimension", "\(codeDimension) is no multiple of \(groups) groups")
        }
        diversity = try fields.number(
            "diversity", default: 0.1, in: 0...1e4, "Weight of the codes that are not used; without it they collapse.")
        penalty = try fields.number("penalty", default: 10, in: 0...1e4, "Weight of the features' mean square.")
        gradientFactor = try fields.number(
            "feature_gradient", default: 0.1, in: 0...1e4, "Factor of the gradient that reaches the convolutions.")
        dropout = try fields.number("dropout", default: 0, in: 0...0.99, "Dropout on the frames, in training.")
        let start = try fields.number(
            "code_temperature", default: 2, in: 1e-3...1e4, "Temperature of the choice of codes at the first step.")
        let end = try fields.number("code_temperature_end", default: 0.5, in: 1e-3...1e4, "The least of it.")
        let decay = try fields.number(
            "code_temperature_decay", default: 0.999995, in: 0...1, "Its factor from one step to the next.")
        annealing = .init(start: Float(start), end: Float(end), decay: decay)
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input)
        try parts.requireFrames(encoder, ahead: 3)
        let model = Wav2Vec2(
            encoder: encoder, context: try parts.bidirectionalContext(settings, over: settings.hidden),
            quantizer: GumbelQuantizer(
                encoder.featureDimension, groups: groups, codes: codes, dimension: codeDimension, annealing: annealing),
            masking: masked.masking, negatives: negatives, dimension: dimension, temperature: Float(temperature),
            diversity: Float(diversity), penalty: Float(penalty), gradientFactor: Float(gradientFactor),
            dropout: Float(dropout))
        return TrainingTask(
            model.on(\.[audio: input.name]),
            embedders: [input: .audio({ model.embed($0) }, frames: { model.frames($0).frames })])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let (logits, own) = (Double(groups * codes), Double(codeDimension))
        return ("objective.codes", logits * (features + own / Double(groups)) + Double(dimension) * (own + context))
    }
}

/// The keys of ``SpanMasking``.
struct SpanSettings: Sendable {
    let masking: SpanMasking

    init(_ fields: Fields, fraction: Double) throws {
        let fraction = try fields.number(
            "mask_fraction", default: fraction, in: 0...1,
            "Fraction of the frames that masked spans would cover if they did not overlap.")
        let length = try fields.integer("mask_length", default: 10, in: 1...1000, "Frames of a masked span.")
        masking = SpanMasking(fraction: fraction, length: length)
    }
}
