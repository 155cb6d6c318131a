public import ConcordEncoders
import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// How a predicted frame is compared with the true one.
public typealias FrameDistance = FramePrediction<WaveformEncoder>.Distance

/// Regression of the next frames of audio (APC).
///
/// ```yaml
/// objective: {name: frames, ahead: 3, distance: l1}
/// ```
public struct FramesRecipe: ObjectiveRecipe {
    public static let name = "frames"

    /// What is predicted.
    public enum Target: String, Sendable, CaseIterable {
        /// Log-mel frames: the encoder's own where it hears those, else 40 bands, one frame for each of the encoder's.
        case logMel = "log_mel"
        /// The samples of a frame.
        case samples
    }

    /// How many frames ahead the predicted frame is, at least 1.
    public let ahead: Int
    /// How a predicted frame is compared with the true one.
    public let distance: FrameDistance
    /// What is predicted.
    public let target: Target

    public init(_ fields: Fields, data: DataSettings) throws {
        ahead = try fields.integer("ahead", default: 3, in: 1...1000, "How many frames ahead the predicted frame is.")
        distance = try fields.choice("distance", default: FrameDistance.l1, "l1: absolute error; l2: squared error.")
        target = try fields.choice(
            "target", default: Target.logMel, "What is predicted: a log-mel frame, or the frame's samples.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input)
        try parts.requireFrames(encoder, ahead: ahead)
        let predictor = try predictor(
            parts, over: encoder, try parts.context(over: encoder.featureDimension, settings), settings)
        return TrainingTask(
            predictor.on(\.[audio: input.name]),
            embedders: [input: .audio({ predictor.embed($0) }, frames: { predictor.frames($0).frames })])
    }

    /// - Parameter context: the encoder's own where nil.
    func predictor(
        _ parts: RecipeParts, over encoder: WaveformEncoder, _ context: (any SequenceLayer)?,
        _ settings: WaveformSettings
    ) throws -> FramePrediction<WaveformEncoder> {
        FramePrediction(
            encoder: encoder, context: context, target: try Self.target(target, parts, settings), ahead: ahead,
            distance: distance)
    }

    /// The frames that are predicted, one for each of the encoder's.
    static func target(
        _ target: Target, _ parts: RecipeParts, _ settings: WaveformSettings
    ) throws -> FrameTarget<Waveform> {
        guard let views = parts.recipe.views.audio else {
            throw RecipeError.data(message: "objective \(parts.recipe.objective.name) wants audio")
        }
        let stride = settings.strides.reduce(1, *), mel: LogMelRecipe? = parts.recipe.model.encoder()
        switch (target, mel) {
        case (.logMel, let mel?): return .logMel(mel.frames(rate: views.rate), stride: stride)
        case (.logMel, nil):
            let frames = LogMel.Configuration(
                rate: views.rate, fftSize: 2 * stride, hop: stride, mels: 40, logarithm: .natural(offset: 1e-6),
                isStandardized: true)
            return .logMel(frames)
        case (.samples, let mel?): return .samples(hop: stride * mel.hop)
        case (.samples, nil): return .samples(hop: stride)
        }
    }
}

/// The keys of ``FramesRecipe`` as a part of another objective.
struct FramesPart: Sendable {
    let frames: FramesRecipe
    /// What the part counts beside the first objective.
    let weight: Double
    /// How the weight changes over the run; nil: it does not.
    let weightSchedule: ScheduledValue?

    init(_ fields: Fields, data: DataSettings) throws {
        frames = try FramesRecipe(fields, data: data)
        weight = try fields.number("weight", default: 0.5, in: 0...1e4, "Weight beside the first objective.")
        weightSchedule = try fields.schedule(of: "weight", from: 0, to: weight, in: 0...1e4, allowsWarmUp: true)
    }

    /// Over the encoder of an input, whose own recurrent context it shares; over a GRU of its own where there is none.
    func predictor(_ parts: RecipeParts, of input: RecipeInput) throws -> FramePrediction<WaveformEncoder> {
        let (_, settings) = try parts.frameEncoder(of: input)
        guard let encoder = try parts.audioEncoder(of: input) as? WaveformEncoder, settings.context != .transformer
        else {
            throw RecipeError.data(
                message: "model.\(parts.recipe.model.encoder(of: input)?.key ?? input.name).context: transformer sees "
                    + "later frames, which objective.frames predicts; gru, lstm or none wanted")
        }
        try parts.requireFrames(encoder, ahead: frames.ahead)
        let channels = encoder.featureDimension
        return try frames.predictor(
            parts, over: encoder, settings.context == .none ? GRU(channels, hidden: channels) : nil, settings)
    }
}
