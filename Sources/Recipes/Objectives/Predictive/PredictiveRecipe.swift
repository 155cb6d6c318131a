import ConcordEncoders
import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// Contrastive prediction of the next frames of sound (CPC) or of video (DPC).
///
/// ```yaml
/// objective: {name: predictive, horizon: 6, negatives: 128}
/// ```
public struct PredictiveRecipe: ObjectiveRecipe {
    public static let name = "predictive"

    /// The audio or the videos.
    public let input: RecipeInput
    /// Frames ahead, K.
    public let horizon: Int
    /// Negative frames for each prediction.
    public let negatives: Int
    /// Where they are drawn.
    public let negativesFrom: NegativeFrames
    /// What predicts the frames of a step.
    public let predictor: FramePredictorKind
    /// Of the softmax, above 0.
    public let temperature: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.segmentedInput(data, "Whose frames are predicted.")
        horizon = try fields.integer(
            "horizon", default: input.kind == .video ? 3 : 12, in: 1...1000, "Frames ahead that are predicted, K.")
        negatives = try fields.integer("negatives", default: 128, in: 1...65536, "Negative frames per prediction.")
        negativesFrom = try fields.choice(
            "negatives_from", default: NegativeFrames.batch,
            "Where negative frames are drawn: the whole batch, the same sequence, or those of its data.group.")
        predictor = try fields.choice(
            "predictor", default: FramePredictorKind.linear,
            "What predicts from the context: a matrix a step, or a network over the contexts so far.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        if input.kind == .audio { try data.require(.audio, for: Self.name) }
        var needs = DataNeeds([input])
        needs.unit = .windows
        if negativesFrom == .group, data.group == nil {
            throw ObjectiveFault(
                "objective.negatives_from: group draws negatives from the same data.group, which names no column; "
                    + "name one, as in group: speaker")
        }
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        if input.kind == .video { return try videoTask(parts) }
        let (encoder, settings) = try parts.frameEncoder(of: input)
        try parts.requireFrames(encoder, ahead: horizon)
        let predictor = ContrastivePredictiveCoding(
            encoder: encoder, context: try parts.context(over: encoder.featureDimension, settings), horizon: horizon,
            negatives: negatives,
            from: negativesFrom, predictor: predictor,
            loss: InfoNCE(temperature: .fixed(Float(temperature)), direction: .oneWay))
        let embedder = ModalityEmbedder.audio({ predictor.embed($0) }, frames: { predictor.frames($0).frames })
        guard negativesFrom == .group else {
            return TrainingTask(predictor.on(\.[audio: input.name]), embedders: [input: embedder])
        }
        return TrainingTask(GroupedPredictiveCoding(predictor, input.name), embedders: [input: embedder])
    }

    /// - Source: Han, Xie, Zisserman 2019, "Video representation learning by dense predictive coding",
    ///   arXiv:1909.04656. Whole frames are predicted, theirs are blocks of five frames at each place of a map.
    private func videoTask(_ parts: RecipeParts) throws -> TrainingTask {
        let (encoder, context, length) = try parts.videoFrames(of: input)
        guard length > horizon else {
            throw RecipeError.data(
                message: "views.frames: a clip of \(length) has no frame \(horizon) after its first; give more, or a "
                    + "smaller objective.horizon")
        }
        guard negativesFrom != .group else {
            throw RecipeError.data(message: "objective.negatives_from: group is for audio; give batch or sequence")
        }
        let predictor = ContrastivePredictiveCoding(
            encoder: encoder, context: context, horizon: horizon, negatives: negatives, from: negativesFrom,
            predictor: predictor, loss: InfoNCE(temperature: .fixed(Float(temperature)), direction: .oneWay))
        return TrainingTask(
            predictor.on(\.[video: input.name]), embedders: [input: .videos { predictor.embed($0) }])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let each =
            switch predictor {
            case .linear: features * context
            case .gru: 3 * features * (features + context)
            case .transformer: context * (12 * context + features)
            }
        return ("objective.horizon", Double(horizon) * each)
    }
}

/// Predictive coding of windows with negatives from the windows of the same group.
private final class GroupedPredictiveCoding: Objective {
    private let coding: ContrastivePredictiveCoding<WaveformEncoder>
    private let input: String

    var checkpointNames: [String: String] { ["coding": ""] }

    init(_ coding: ContrastivePredictiveCoding<WaveformEncoder>, _ input: String) {
        (self.coding, self.input) = (coding, input)
    }

    func callAsFunction(_ batch: MultimodalBatch) -> Loss {
        batch[audio: input].map { coding($0.input, groups: batch.labels) } ?? Loss(Tensor(0))
    }
}

extension GroupedPredictiveCoding: MicrobatchedObjective {
    var microbatchingUnsupportedReason: String? { coding.microbatchingUnsupportedReason }
    var ranksUnsupportedReason: String? { coding.ranksUnsupportedReason }

    func lossWithGradient(of batch: MultimodalBatch, microbatch: Int) -> (Loss, Gradients) {
        guard let audio = batch[audio: input] else { return coding.lossWithGradientWithoutSamples() }
        return coding.lossWithGradient(of: audio.input, groups: batch.labels, microbatch: microbatch)
    }
}
