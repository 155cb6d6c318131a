public import ConcordLayers
public import ConcordObjectives

/// SimSiam: each view's prediction of the other's projection, through which no gradient goes; no negatives, no second
/// network.
///
/// ```yaml
/// objective: {name: simsiam, hidden: 2048, predictor: 512}
/// ```
/// - Source: Chen, He 2021, arXiv:2011.10566. The loss is theirs plus 1.
public struct SimSiamRecipe: ViewsRecipe {
    public static let name = "simsiam"
    public static let usesLocalCrops = true

    public let input: RecipeInput
    private let hidden, predictor, layers: Int
    private let stopsGradient: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.viewedInput(data)
        hidden = try fields.integer(
            "hidden", default: 2048, in: 1...65536, "Size of the projector's layers and of a projection.")
        predictor = try fields.integer(
            "predictor", default: max(1, hidden / 4), in: 1...65536,
            "Size of the predictor's hidden layer; by default hidden / 4.")
        layers = try fields.integer(
            "layers", default: 2, in: 1...10, "Layers of the projector: 3 for ImageNet, 2 for small images.")
        stopsGradient = try fields.flag(
            "stop_gradient", default: true, "false lets gradients through the targets, and the model collapses.")
    }

    public func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>> {
        let projector = ProjectionHead(
            encoder.outputDimension, hidden: hidden, hidden, layers: layers, norm: .allButLastAffine)
        return SelfDistillation(
            encoder, projector: projector, predictor: ProjectionHead(hidden, hidden: predictor, hidden, norm: .hidden),
            target: stopsGradient ? .online : .onlineWithGradient, loss: CosineLoss())
    }
}
