import ConcordEncoders
import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// Contrastive prediction of sound's next frames (CPC).
///
/// ```yaml
/// objective: {name: predictive, horizon: 6, negatives: 128}
/// ```
public struct PredictiveRecipe: ObjectiveRecipe {
    public static let name = "predictive"

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
        horizon = try fields.integer("horizon", default: 12, in: 1...1000, "Frames ahead that are predicted, K.")
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
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        if negativesFrom == .group, data.group == nil {
            throw ObjectiveFault(
                "objective.negatives_from: group draws negatives from the same data.group, which names no column; "
                    + "name one, as in group: speaker")
        }
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.recipe.objective.needs.inputs[0]
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
