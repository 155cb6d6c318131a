import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Relative patch position (context prediction): which neighbor of an image's middle tile another tile is.
///
/// ```yaml
/// objective: {name: patch_position}
/// model: {image: {stem: cifar}}
/// views: {size: 32, flip: true}
/// ```
/// - Source: Doersch, Gupta, Efros 2015, arXiv:1505.05192.
public struct PatchPositionRecipe: PretextRecipe {
    public static let name = "patch_position"

    private let tiles: TileSettings

    public init(_ fields: Fields, data: DataSettings) throws {
        tiles = try TileSettings(fields, side: 3, gapFraction: 1 / 3.0)
    }

    func objective<E: FeatureEncoder>(_ encoder: E, imageSize: Int) throws -> any ImageObjective
    where E.Input == Tensor {
        try tiles.require(imageSize: imageSize, for: Self.name)
        return RelativePatchPosition(
            encoder, gap: tiles.grid.gap, jitter: tiles.grid.jitter, width: tiles.width, hidden: tiles.hidden)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        tiles.weights(tiles: 2, classes: 8, features: features)
    }
}
