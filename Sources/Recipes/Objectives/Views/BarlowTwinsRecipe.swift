public import ConcordLayers
public import ConcordObjectives

/// Barlow Twins: the features of two views correlate with themselves and not with each other; no negatives.
///
/// ```yaml
/// objective: {name: barlow_twins, hidden: 2048, dimension: 2048, redundancy: 0.0051}
/// ```
/// - Source: Zbontar, Jing, Misra, LeCun, Deny 2021, arXiv:2103.03230. Three layers without biases, batch normalization
///   behind the first two; the paper's have 8192 numbers, for ImageNet.
public struct BarlowTwinsRecipe: ViewsRecipe {
    public static let name = "barlow_twins"

    public let input: RecipeInput
    private let redundancy: Double
    private let hidden, dimension: Int

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        redundancy = try fields.number(
            "redundancy", default: 0.0051, in: 0...1e4, "lambda: the weight of correlations of different features.")
        hidden = try fields.integer("hidden", default: 1024, in: 1...65536, "Size of the head's two hidden layers.")
        dimension = try fields.integer("dimension", default: 1024, in: 1...65536, "Features D that are correlated.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(
            encoder.outputDimension, hidden: hidden, dimension, layers: 3, norm: .hidden, biases: .none)
        return JointEmbedding(encoder, head: head, loss: BarlowTwins(redundancyWeight: Float(redundancy)))
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        FeatureHead(hidden: hidden, dimension: dimension).weights
    }
}

/// The size of a three-layer head whose features are correlated with each other.
struct FeatureHead {
    let hidden, dimension: Int

    /// Its weights and a correlation matrix, under the key that asks for more of them.
    var weights: (key: String, count: Double) {
        let hidden = Double(hidden), dimension = Double(dimension)
        return (
            dimension > hidden ? "objective.dimension" : "objective.hidden",
            hidden * hidden + hidden * dimension + dimension * dimension
        )
    }
}
