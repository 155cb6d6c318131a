public import ConcordLayers
public import ConcordObjectives

/// SwAV: each view predicts which prototype the other is assigned to; prototypes are learned with the encoder.
///
/// ```yaml
/// objective: {name: swav, prototypes: 300, queue: 2048}
/// views: {size: 32, scale: 0.14, local_crops: {count: 4, size: 16, scale: [0.05, 0.14]}}     # multi-crop
/// ```
/// - Source: Caron et al. 2020, arXiv:2006.09882. The paper has 3000 prototypes
///   for ImageNet's 1000 classes, frozen in the first epoch, and for small batches a queue of 3840 from epoch 15 on;
///   here it is used as soon as it is full.
public struct SwAVRecipe: ViewsRecipe {
    public static let name = "swav"
    public static let usesLocalCrops = true

    public let input: RecipeInput
    private let prototypes, queue, frozen, iterations, hidden, dimension: Int
    private let temperature, epsilon: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        prototypes = try fields.integer("prototypes", default: 300, in: 1...1 << 20, "Prototypes K.")
        queue = try fields.integer(
            "queue", default: 0, in: 0...1 << 20,
            "Projections of earlier batches that are assigned with the batch, a queue a view; 0: none.")
        frozen = try fields.integer(
            "frozen_steps", default: 0, in: 0...1 << 30, "Updates in which the prototypes stay as they are.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of predictions.")
        epsilon = try fields.number(
            "epsilon", default: 0.05, in: 1e-2...1e4, "Temperature of assignments: the smaller, the surer.")
        iterations = try fields.integer("iterations", default: 3, in: 1...1000, "Rounds of Sinkhorn's normalization.")
        hidden = try fields.integer("hidden", default: 2048, in: 1...65536, "Size of the head's hidden layer.")
        dimension = try fields.integer("dimension", default: 128, in: 1...65536, "Size of a projection.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let loss = SwappedPrediction(
            prototypes: prototypes, dimension: dimension, temperature: Float(temperature), epsilon: Float(epsilon),
            iterations: iterations, queue: queue, frozenUpdates: frozen)
        let head = ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, norm: .hidden)
        return JointEmbedding(encoder, head: head, loss: loss)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let rows = Double(prototypes + 2 * queue + hidden)
        let key = hidden > max(prototypes, 2 * queue) ? "hidden" : queue > prototypes ? "queue" : "prototypes"
        return ("objective.\(key)", rows * Double(dimension) + Double(hidden) * features)
    }
}
