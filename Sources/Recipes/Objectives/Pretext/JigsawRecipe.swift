import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Jigsaw puzzles: in which order the tiles of an image were shuffled.
///
/// ```yaml
/// objective: {name: jigsaw, permutations: 100}
/// model: {image: {stem: cifar}}
/// views: {size: 32, gray: 0.5}                # gray images hide the lens's color fringes
/// ```
/// - Source: Noroozi, Favaro 2016, arXiv:1603.09246.
public struct JigsawRecipe: PretextRecipe {
    public static let name = "jigsaw"

    private let tiles: TileSettings
    private let permutations: Int

    public init(_ fields: Fields, data: DataSettings) throws {
        tiles = try TileSettings(fields, side: nil, gapFraction: 0.25)
        permutations = try fields.integer(
            "permutations", default: tiles.grid.side == 2 ? 24 : 100, in: 2...2000,
            "Orders that are distinguished; the more, the harder.")
        guard tiles.grid.side > 2 || permutations <= 24 else {
            throw fields.fault("permutations", "\(permutations), but the 4 tiles of a grid of 2 have 24 orders")
        }
    }

    func objective<E: FeatureEncoder>(_ encoder: E, imageSize: Int) throws -> any ImageObjective
    where E.Input == Tensor {
        try tiles.require(imageSize: imageSize, for: Self.name)
        return JigsawPuzzle(
            encoder, grid: tiles.grid, permutations: PermutationSet(permutations, of: tiles.grid.count),
            width: tiles.width, hidden: tiles.hidden)
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        tiles.weights(tiles: tiles.grid.count, classes: permutations, features: features)
    }
}
