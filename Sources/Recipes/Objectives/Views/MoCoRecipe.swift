public import ConcordLayers
public import ConcordObjectives

/// MoCo v1 and v2: one view finds the other, encoded by a slowly moving copy of the network, among a queue of earlier
/// batches' keys.
///
/// ```yaml
/// objective: {name: moco, queue: 16384, momentum: 0.99, temperature: 0.2}
/// objective: {name: moco, version: 1}                                  # a linear head and temperature 0.07
/// ```
/// - Source: He et al. 2020, arXiv:1911.05722; Chen et al. 2020, arXiv:2003.04297. Batch statistics are not shuffled:
///   that is for several processors.
public struct MoCoRecipe: ViewsRecipe {
    public static let name = "moco"

    public let input: RecipeInput
    private let queue, layers, hidden, dimension: Int
    private let momentum, temperature: Double
    private let isSymmetric: Bool

    public var smallestBatch: Int { 1 }

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        queue = try fields.integer(
            "queue", default: 16384, in: 1...1 << 22, "Keys of earlier batches that are negatives.")
        momentum = try fields.number(
            "momentum", default: 0.999, in: 0...1, "How much of the target network stays at an update.")
        layers = try fields.integer(
            "version", default: 2, in: 1...2,
            "1: a linear head and a temperature of 0.07 by default; 2: a hidden layer, and 0.2. The third is moco_v3.")
        temperature = try fields.number(
            "temperature", default: layers == 1 ? 0.07 : 0.2, in: 1e-4...1e4, "Temperature of the softmax.")
        hidden =
            layers == 1
            ? 0 : try fields.integer("hidden", default: 512, in: 1...65536, "Size of the head's hidden layer.")
        dimension = try fields.integer("dimension", default: 128, in: 1...65536, "Size of a key.")
        isSymmetric = try fields.flag("symmetric", default: false, "Whether the second view also looks for the first.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        SelfDistillation(
            encoder,
            projector: ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, layers: layers),
            predictor: nil,
            target: .movingAverage(.constant(momentum)),
            loss: QueueContrast(count: queue, dimension: dimension, temperature: .fixed(Float(temperature))),
            isSymmetric: isSymmetric)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.queue", Double(queue) * Double(dimension))
    }
}
