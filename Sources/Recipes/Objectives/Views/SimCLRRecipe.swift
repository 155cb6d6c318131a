public import ConcordLayers
public import ConcordObjectives

/// SimCLR: two views of each sample find each other among all views of the batch.
///
/// ```yaml
/// objective: {name: simclr, temperature: 0.5, hidden: 2048, dimension: 128}
/// ```
/// - Source: Chen, Kornblith, Norouzi, Hinton 2020, arXiv:2002.05709. The head is that of the first version, without
///   batch normalization.
public struct SimCLRRecipe: ViewsRecipe {
    public static let name = "simclr"

    public let input: RecipeInput
    private let temperature: InfoNCE.Temperature
    private let negatives: NegativeSettings
    private let hidden, dimension: Int
    private let norm: ProjectionHead.Norm

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        temperature = try fields.temperature(default: 0.5)
        negatives = try NegativeSettings(fields)
        hidden = try fields.integer("hidden", default: 512, in: 1...65536, "Size of the head's hidden layer.")
        dimension = try fields.integer("dimension", default: 128, in: 1...65536, "Size of the head's output.")
        norm = try fields.choice(
            "head_norm", default: ProjectionHead.Norm.none, "Where the head has batch normalization.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, norm: norm)
        return JointEmbedding(encoder, head: head, loss: negatives.loss(temperature: temperature))
    }
}
