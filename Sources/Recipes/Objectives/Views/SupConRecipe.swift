public import ConcordLayers
public import ConcordObjectives

/// Supervised contrastive learning: each view finds all views of samples of its class among those of the batch.
///
/// ```yaml
/// data: {kind: folder, path: train}                                    # or a table with labels: [category]
/// objective: {name: supcon, temperature: 0.1}
/// ```
/// The class is the first column of `data.labels`.
/// - Source: Khosla et al. 2020, arXiv:2004.11362, eq. 2 (the mean over positives outside the logarithm), without the
///   constant factor temperature / base temperature of the authors' code, 1.43 for its defaults.
public struct SupConRecipe: ViewsRecipe {
    public static let name = "supcon"

    public let input: RecipeInput
    private let temperature: Double
    private let negatives: NegativeSettings
    private let hidden, dimension: Int

    public var positives: ContrastiveSettings.Positives? { .label }

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
        negatives = try NegativeSettings(fields)
        hidden = try fields.integer("hidden", default: 512, in: 1...65536, "Size of the head's hidden layer.")
        dimension = try fields.integer("dimension", default: 128, in: 1...65536, "Size of the head's output.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(encoder.outputDimension, hidden: hidden, dimension)
        return JointEmbedding(encoder, head: head, loss: negatives.loss(temperature: .fixed(Float(temperature))))
    }
}
