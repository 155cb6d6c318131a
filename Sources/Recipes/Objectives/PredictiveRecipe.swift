import ConcordEncoders
import ConcordObjectives

/// Contrastive prediction of sound's next frames (CPC).
///
/// ```yaml
/// objective: {name: predictive, horizon: 6, negatives: 128}
/// ```
public struct PredictiveRecipe: ObjectiveRecipe {
    public static let name = "predictive"

    public enum NegativesFrom: String, Sendable, CaseIterable { case batch, sequence }

    /// Frames ahead, K.
    public let horizon: Int
    public let negatives: Int
    public let negativesFrom: NegativesFrom
    public let temperature: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        horizon = try fields.integer("horizon", default: 12, in: 1...1000, "Frames ahead that are predicted, K.")
        negatives = try fields.integer("negatives", default: 128, in: 1...65536, "Negative frames per prediction.")
        negativesFrom = try fields.choice(
            "negatives_from", default: NegativesFrom.batch,
            "Where negative frames are drawn: the whole batch, or the same sequence.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        try data.require(.audio, for: Self.name)
        var needs = DataNeeds([.audio])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let encoder = try parts.audioEncoder(withContext: false)
        try parts.requireFrames(encoder, ahead: horizon)
        let predictor = ContrastivePredictiveCoding(
            encoder: encoder, context: try parts.context(over: encoder.featureDimension), horizon: horizon,
            negatives: negatives,
            from: negativesFrom == .batch ? .batch : .sequence,
            loss: InfoNCE(temperature: .fixed(Float(temperature)), direction: .oneWay))
        return TrainingTask(predictor.on(\.audio), embedders: [.audio: .sounds { predictor.embed($0) }])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.horizon", Double(horizon) * features * context)
    }
}
