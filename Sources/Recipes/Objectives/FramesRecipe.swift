import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Regression of sound's next frames (APC).
///
/// ```yaml
/// objective: {name: frames, ahead: 3, distance: l1}
/// ```
public struct FramesRecipe: ObjectiveRecipe {
    public static let name = "frames"

    public enum Distance: String, Sendable, CaseIterable { case l1, l2 }
    public enum Target: String, Sendable, CaseIterable {
        /// Log-mel frames: the encoder's own where it hears those, else 40 bands, one frame for each of the encoder's.
        case logMel = "log_mel"
        /// The samples of a frame.
        case samples
    }

    /// How many frames ahead lies the one that is predicted.
    public let ahead: Int
    public let distance: Distance
    public let target: Target

    public init(_ fields: Fields, data: DataSettings) throws {
        ahead = try fields.integer("ahead", default: 3, in: 1...1000, "How many frames ahead the predicted frame is.")
        distance = try fields.choice("distance", default: Distance.l1, "l1: absolute error; l2: squared error.")
        target = try fields.choice(
            "target", default: Target.logMel, "What is predicted: a log-mel frame, or the frame's samples.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        try data.require(.audio, for: Self.name)
        var needs = DataNeeds([.audio])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let encoder = try parts.audioEncoder(withContext: false)
        try parts.requireFrames(encoder, ahead: ahead)
        let predictor = FramePrediction(
            encoder: encoder, context: try parts.context(over: encoder.featureDimension), target: try target(parts),
            ahead: ahead,
            distance: distance == .l1 ? .l1 : .l2)
        return TrainingTask(predictor.on(\.audio), embedders: [.audio: .sounds { predictor.embed($0) }])
    }

    private func target(_ parts: RecipeParts) throws -> FrameTarget<Waveform> {
        guard let audio = parts.recipe.model.audio, let views = parts.recipe.views.audio else {
            throw RecipeError.data(message: "objective frames wants sounds")
        }
        let stride = audio.strides.reduce(1, *)
        switch (target, audio.encoder) {
        case (.logMel, .logMel): return .logMel(audio.frames(rate: views.rate), stride: stride)
        case (.logMel, .cpc):
            let frames = LogMel.Configuration(
                rate: views.rate, fftSize: 2 * stride, hop: stride, mels: 40, logarithm: .natural(offset: 1e-6),
                isStandardized: true)
            return .logMel(frames)
        case (.samples, .logMel): return .samples(hop: stride * audio.hop)
        case (.samples, .cpc): return .samples(hop: stride)
        }
    }
}
