public import ConcordLayers
public import ConcordObjectives

/// W-MSE: two views are near each other after the batch's features are whitened; no negatives.
///
/// ```yaml
/// objective: {name: w_mse, dimension: 64, sub_batch: 128}
/// ```
/// A batch has at least twice as many samples as an embedding has features.
/// - Source: Ermolov, Siarohin, Sangineto, Sebe 2021, arXiv:2007.06346; head and sub-batches of the authors' run on
///   CIFAR-10.
public struct WMSERecipe: ViewsRecipe {
    public static let name = "w_mse"

    public let input: RecipeInput
    private let subBatch, iterations, hidden, dimension: Int
    private let epsilon: Double

    public var smallestBatch: Int { 2 * dimension }

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        hidden = try fields.integer("hidden", default: 1024, in: 1...65536, "Size of the head's hidden layer.")
        dimension = try fields.integer(
            "dimension", default: 64, in: 1...4096, "Features D that are whitened; a batch has 2 D samples or more.")
        subBatch = try fields.integer(
            "sub_batch", default: max(128, 2 * dimension), in: 2...1 << 20,
            "Least samples that are whitened together; by default 128, or 2 D where that is more.")
        guard subBatch >= 2 * dimension else {
            throw fields.fault(
                "sub_batch", "\(subBatch) samples are too few to whiten dimension \(dimension); give twice as many")
        }
        iterations = try fields.integer(
            "iterations", default: 1, in: 1...1000, "How often a batch is cut into sub-batches.")
        epsilon = try fields.number(
            "epsilon", default: 0, in: 0...0.99, "Fraction of the identity in the covariance that is whitened.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, norm: .hidden)
        let loss = WhitenedMSE(size: subBatch, iterations: iterations, epsilon: Float(epsilon))
        return JointEmbedding(encoder, head: head, loss: loss)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let dimension = Double(dimension), hidden = Double(hidden)
        return (
            dimension > hidden ? "objective.dimension" : "objective.hidden",
            hidden * (features + dimension) + 2 * dimension * dimension
        )
    }
}
