import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Rotation prediction (RotNet): by which quarter turn an image was rotated.
///
/// ```yaml
/// objective: {name: rotation}
/// views: {size: 32, flip: true}
/// ```
/// Each image is seen in all four rotations: a batch takes four times the memory and time of one of a plain classifier.
/// - Source: Gidaris, Singh, Komodakis 2018, arXiv:1803.07728.
public struct RotationRecipe: ObjectiveRecipe {
    public static let name = "rotation"

    public init(_ fields: Fields, data: DataSettings) throws {}

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        DataNeeds([try data.require(.image, for: Self.name)])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.recipe.objective.needs.inputs[0], encoder = try parts.imageEncoder(of: input)
        func objective<E: FeatureEncoder>(_ encoder: E) -> any Objective<MultimodalBatch> where E.Input == Tensor {
            RotationPrediction(encoder).on(\.[image: input.name])
        }
        return TrainingTask(objective(encoder), embedders: [input: .images(encoder)])
    }
}
