public import ConcordLayers
public import ConcordObjectives

/// MoCo v3: each view's prediction finds, among the batch's keys, that of the other view by a slowly moving copy of the
/// network; no queue.
///
/// ```yaml
/// objective: {name: moco_v3, momentum: 0.99, temperature: 0.2}
/// ```
/// - Source: Chen, Xie, He 2021, arXiv:2104.02057, algorithm 1; the heads are those of its ResNet. The loss is the mean
///   of both directions, without their factor 4 temperature: `ln N` at chance. The momentum rises to 1 by half a
///   cosine. The paper's temperature is 1 for its ResNet, 0.2 for its ViT.
public struct MoCoV3Recipe: ViewsRecipe {
    public static let name = "moco_v3"
    public static let usesLocalCrops = true

    public let input: RecipeInput
    private let hidden, dimension: Int
    private let momentum: Momentum
    private let temperature: InfoNCE.Temperature

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        momentum = try fields.targetMomentum(default: 0.99)
        temperature = try fields.temperature(default: 0.2)
        hidden = try fields.integer(
            "hidden", default: 4096, in: 1...65536, "Size of the hidden layers of projector and predictor.")
        dimension = try fields.integer("dimension", default: 256, in: 1...65536, "Size of a key.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        SelfDistillation(
            encoder,
            projector: ProjectionHead(encoder.outputDimension, hidden: hidden, dimension, norm: .allButLastAffine),
            predictor: ProjectionHead(dimension, hidden: hidden, dimension, norm: .hidden, biases: .none),
            target: .movingAverage(momentum),
            loss: InfoNCE(temperature: temperature, direction: .oneWay))
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.hidden", Double(hidden) * (features + 3 * Double(dimension)))
    }
}
