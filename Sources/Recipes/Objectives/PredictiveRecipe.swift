import ConcordEncoders
public import ConcordObjectives

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
    /// Of the softmax, above 0.
    public let temperature: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        horizon = try fields.integer("horizon", default: 12, in: 1...1000, "Frames ahead that are predicted, K.")
        negatives = try fields.integer("negatives", default: 128, in: 1...65536, "Negative frames per prediction.")
        negativesFrom = try fields.choice(
            "negatives_from", default: NegativeFrames.batch,
            "Where negative frames are drawn: the whole batch, or the same sequence.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.recipe.objective.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input)
        try parts.requireFrames(encoder, ahead: horizon)
        let predictor = ContrastivePredictiveCoding(
            encoder: encoder, context: parts.context(over: encoder.featureDimension, settings), horizon: horizon,
            negatives: negatives,
            from: negativesFrom,
            loss: InfoNCE(temperature: .fixed(Float(temperature)), direction: .oneWay))
        return TrainingTask(predictor.on(\.[audio: input.name]), embedders: [input: .audio { predictor.embed($0) }])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.horizon", Double(horizon) * features * context)
    }
}
