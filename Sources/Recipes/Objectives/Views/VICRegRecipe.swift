public import ConcordLayers
public import ConcordObjectives

/// VICReg: two views are near each other while each feature varies over the batch and features are uncorrelated; no
/// negatives.
///
/// ```yaml
/// objective: {name: vicreg, invariance: 25, variance: 25, covariance: 1}
/// ```
/// - Source: Bardes, Ponce, LeCun 2021, arXiv:2105.04906. Three layers, batch normalization behind the first two and no
///   bias in the last; the paper's have 8192 numbers, for ImageNet.
public struct VICRegRecipe: ViewsRecipe {
    public static let name = "vicreg"

    public let input: RecipeInput
    private let invariance, variance, covariance: Double
    private let hidden, dimension: Int

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        invariance = try fields.number(
            "invariance", default: 25, in: 0...1e4, "Weight of the squared distance of the two views.")
        variance = try fields.number(
            "variance", default: 25, in: 0...1e4, "Weight of the features' lack of variance; with 0 they collapse.")
        covariance = try fields.number(
            "covariance", default: 1, in: 0...1e4, "Weight of the covariance of different features.")
        hidden = try fields.integer("hidden", default: 1024, in: 1...65536, "Size of the head's two hidden layers.")
        dimension = try fields.integer("dimension", default: 1024, in: 1...65536, "Features D of an embedding.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(
            encoder.outputDimension, hidden: hidden, dimension, layers: 3, norm: .hidden, biases: .hidden)
        let loss = VICReg(
            invarianceWeight: Float(invariance), varianceWeight: Float(variance), covarianceWeight: Float(covariance))
        return JointEmbedding(encoder, head: head, loss: loss)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        FeatureHead(hidden: hidden, dimension: dimension).weights
    }
}
