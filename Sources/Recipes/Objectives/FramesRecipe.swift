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
        let input = parts.recipe.objective.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input)
        try parts.requireFrames(encoder, ahead: ahead)
        let predictor = FramePrediction(
            encoder: encoder, context: parts.context(over: encoder.featureDimension, settings),
            target: try target(parts, settings),
            ahead: ahead,
            distance: distance)
        return TrainingTask(predictor.on(\.[audio: input.name]), embedders: [input: .audio { predictor.embed($0) }])
    }

    private func target(_ parts: RecipeParts, _ settings: WaveformSettings) throws -> FrameTarget<Waveform> {
        guard let views = parts.recipe.views.audio else {
            throw RecipeError.data(message: "objective frames wants audio")
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
