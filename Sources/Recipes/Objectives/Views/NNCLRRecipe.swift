public import ConcordLayers
public import ConcordObjectives

/// NNCLR: one view's prediction finds the nearest neighbor, among earlier batches, of the other view.
///
/// ```yaml
/// objective: {name: nnclr, queue: 16384, temperature: 0.1}
/// ```
/// - Source: Dwibedi et al. 2021, arXiv:2104.14548. A projector of three normalized layers, a predictor of two; the
///   paper's queue has 98304 rows, for ImageNet.
public struct NNCLRRecipe: ViewsRecipe {
    public static let name = "nnclr"

    public let input: RecipeInput
    private let queue, hidden, predictor, dimension: Int
    private let temperature: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        queue = try fields.integer(
            "queue", default: 4096, in: 1...1 << 22, "Projections of earlier batches that neighbors are found among.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
        hidden = try fields.integer(
            "hidden", default: 1024, in: 1...65536, "Size of the projector's two hidden layers.")
        predictor = try fields.integer(
            "predictor", default: 2 * hidden, in: 1...131072,
            "Size of the predictor's hidden layer; by default twice hidden.")
        dimension = try fields.integer("dimension", default: 256, in: 1...65536, "Size of a projection.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        SelfDistillation(
            encoder,
            projector: ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, layers: 3, norm: .all),
            predictor: ProjectionHead(dimension, hidden: predictor, dimension, norm: .hidden), target: .online,
            loss: NearestNeighborContrast(
                count: queue, dimension: dimension, temperature: .fixed(Float(temperature))))
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let rows = Double(queue + 2 * predictor + hidden) * Double(dimension), inner = Double(hidden) * Double(hidden)
        return (queue > 2 * predictor ? "objective.queue" : "objective.hidden", rows + inner)
    }
}
