import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// An objective of a recipe over images, one view of each, whose labels are made from the images themselves.
protocol PretextRecipe: ObjectiveRecipe {
    /// The objective over an encoder, for images of a size.
    func objective<E: FeatureEncoder>(_ encoder: E, imageSize: Int) throws -> any ImageObjective
    where E.Input == Tensor
}

extension PretextRecipe {
    public func needs(_ data: DataSettings) throws -> DataNeeds {
        DataNeeds([try data.require(.image, for: Self.name)])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], encoder = try parts.imageEncoder(of: input)
        let objective = try objective(encoder, imageSize: parts.imageSize)
        return TrainingTask(objective.on(input), embedders: [input: .images(encoder)])
    }
}

extension ImageObjective {
    /// Over the images of an input.
    func on(_ input: RecipeInput) -> any Objective<MultimodalBatch> { on(\.[image: input.name]) }
}

extension RecipeParts {
    /// Side in pixels of the images that encoders see.
    var imageSize: Int { recipe.views.image?.size ?? 224 }

    /// The encoder of an input of images as one with a feature map.
    /// - Throws: where it has none, or where images are no multiple of its stride.
    func mapEncoder(of input: RecipeInput) throws -> any FeatureMapEncoder {
        let key = recipe.model.encoder(of: input)?.key ?? input.name
        guard let encoder = try imageEncoder(of: input) as? any FeatureMapEncoder else {
            throw RecipeError.data(
                message: "model.\(key).encoder: objective \(recipe.objective.name) predicts at the places of a "
                    + "feature map; set it to \(ResNetRecipe.name)")
        }
        guard imageSize % encoder.stride == 0 else {
            throw RecipeError.data(
                message: "views.size: the feature map of model.\(key) has a place for \(encoder.stride) x "
                    + "\(encoder.stride) pixels, of which \(imageSize) is no multiple; set views.size to one, or "
                    + "model.\(key).stem to cifar")
        }
        return encoder
    }
}

/// The keys of objectives over the tiles of an image.
struct TileSettings: Sendable {
    let grid: TileGrid
    /// Of a tile's code, and of the layer over all tiles.
    let width, hidden: Int

    /// - Parameters:
    ///   - side: tiles along each side; nil where a key says it.
    ///   - gapFraction: the gap by default, as a fraction of a cell.
    init(_ fields: Fields, side: Int?, gapFraction: Double) throws {
        let tiles = try side ?? fields.integer("grid", default: 3, oneOf: [2, 3], "Tiles along each side of an image.")
        let gap = try fields.integer(
            "gap", in: 0...1024,
            "Mean distance in pixels between tiles; by default \(gapFraction == 0.25 ? "a quarter" : "a third") of the "
                + "side of a cell.")
        let jitter = try fields.integer(
            "jitter", in: 0...1024,
            "Largest random offset of a tile in pixels, either way; by default "
                + (side == nil ? "as far as its cell goes." : "a twentieth of a cell, at least 1."))
        grid = TileGrid(tiles, gap: gap, jitter: jitter, gapFraction: gapFraction)
        width = try fields.integer("tile_width", default: 128, in: 1...65536, "Size of the code of a tile.")
        hidden = try fields.integer(
            "hidden", default: 512, in: 1...65536, "Size of the layer between the tiles' codes and the classes.")
    }

    /// Of the classifier's three layers, and the key that most of them follow.
    func weights(tiles: Int, classes: Int, features: Double) -> (key: String, count: Double) {
        let ofTile = features * Double(width), ofHidden = Double(hidden) * Double(tiles * width + classes)
        return (ofTile > ofHidden ? "objective.tile_width" : "objective.hidden", ofTile + ofHidden)
    }

    /// - Throws: where images of this size have no tiles.
    func require(imageSize: Int, for objective: String) throws {
        let (cell, tile) = grid.sizes(of: imageSize)
        guard tile > 0 else {
            throw RecipeError.data(
                message: "objective.gap: \(grid.gap ?? 0) pixels leave nothing of the cells of \(cell) that objective "
                    + "\(objective) cuts images of views.size \(imageSize) into; a smaller gap or larger images wanted")
        }
    }
}
