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
public struct RotationRecipe: PretextRecipe {
    public static let name = "rotation"

    public init(_ fields: Fields, data: DataSettings) throws {}

    func objective<E: FeatureEncoder>(_ encoder: E, imageSize: Int) throws -> any ImageObjective
    where E.Input == Tensor { RotationPrediction(encoder) }
}
