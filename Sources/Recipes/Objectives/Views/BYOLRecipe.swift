public import ConcordLayers
public import ConcordObjectives

/// BYOL: each view's prediction of what a slowly moving copy of the network makes of the other; no negatives.
///
/// ```yaml
/// objective: {name: byol, momentum: 0.99, hidden: 4096, dimension: 256}
/// ```
/// - Source: Grill et al. 2020, arXiv:2006.07733. The momentum rises to 1 by half a cosine; the loss is in units of 1 -
///   cos, a quarter of theirs.
public struct BYOLRecipe: ViewsRecipe {
    public static let name = "byol"
    public static let usesLocalCrops = true

    public let input: RecipeInput
    private let momentum: Momentum
    private let hidden, dimension: Int

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        momentum = try fields.targetMomentum(default: 0.99)
        hidden = try fields.integer(
            "hidden", default: 4096, in: 1...65536, "Size of the hidden layers of projector and predictor.")
        dimension = try fields.integer("dimension", default: 256, in: 1...65536, "Size of a projection.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        SelfDistillation(
            encoder,
            projector: ProjectionHead(
                encoder.outputDimension, hidden: hidden, dimension, norm: .hidden, biases: .hidden),
            predictor: ProjectionHead(dimension, hidden: hidden, dimension, norm: .hidden, biases: .hidden),
            target: .movingAverage(momentum),
            loss: CosineLoss())
    }
}
