public import ConcordLayers
public import ConcordObjectives

/// COLA: two crops of one recording find each other among those of the batch.
///
/// ```yaml
/// objective: {name: cola, dimension: 512}
/// views: {audio: {rate: 16000, seconds: 1}}
/// ```
/// Recordings should be some times as long as `views.audio.seconds`: of a shorter one both crops are the whole.
/// - Source: Saeed, Grangier, Zeghidour 2020, arXiv:2010.10915.
public struct COLARecipe: ViewsRecipe {
    public static let name = "cola"

    /// The similarity of two crops.
    public enum Similarity: String, Sendable, CaseIterable {
        /// A learned matrix between them.
        case bilinear
        /// The cosine over a temperature.
        case cosine
    }

    public let input: RecipeInput
    private let similarity: Similarity
    private let dimension: Int
    private let temperature: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        similarity = try fields.choice(
            "similarity", default: Similarity.bilinear, "How two crops are compared: a learned matrix, or the cosine.")
        dimension = try fields.integer("dimension", default: 512, in: 1...65536, "Size of the head's output.")
        temperature =
            similarity == .cosine
            ? try fields.number("temperature", default: 0.2, in: 1e-4...1e4, "Temperature of the softmax.") : 1
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let head = ProjectionHead(encoder.outputDimension, hidden: 1, dimension, layers: 1)
        switch similarity {
        case .bilinear: return JointEmbedding(encoder, head: head, loss: BilinearLoss(dimension))
        case .cosine:
            return JointEmbedding(encoder, head: head, loss: AnchorLoss(temperature: Float(temperature)))
        }
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.dimension", Double(dimension) * (Double(dimension) + context))
    }
}
