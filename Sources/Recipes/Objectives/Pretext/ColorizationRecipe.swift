import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Colorization: the colors of an image from its lightness.
///
/// ```yaml
/// objective: {name: colorization, rebalancing: 0.5}
/// model: {image: {stem: cifar}}
/// views: {size: 32}
/// ```
/// The run embeds images by their lightness alone, which is what its encoder knows.
/// - Source: Zhang, Isola, Efros 2016, arXiv:1603.08511.
public struct ColorizationRecipe: ObjectiveRecipe {
    public static let name = "colorization"

    private let width, binSize: Int
    private let doublings: Int?
    private let rebalancing: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        doublings = try fields.integer(
            "doublings", in: 0...5,
            "How often the feature map's sides are doubled; by default until its places are 4 pixels apart.")
        width = try fields.integer("decoder_width", default: 64, in: 1...4096, "Channels of the enlarged maps.")
        binSize = try fields.integer(
            "bin", default: 10, in: 2...50, "Distance of neighboring bins of colors, along a and b of L*a*b*.")
        rebalancing = try fields.number(
            "rebalancing", default: 0.5, in: 0...1,
            "How strongly rare colors are weighted: 0 not at all, 1 in inverse proportion to their frequency.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        DataNeeds([try data.require(.image, for: Self.name)])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0], encoder = try parts.mapEncoder(of: input)
        if let doublings, encoder.stride >> doublings == 0 {
            throw RecipeError.data(
                message: "objective.doublings: \(doublings) doublings of a feature map whose places are "
                    + "\(encoder.stride) pixels apart make it larger than the image; a smaller number wanted")
        }
        let normalization = parts.recipe.views.image?.normalization ?? .clip
        let colorization = Colorization(
            encoder, mean: normalization.mean, std: normalization.std, doublings: doublings, width: width,
            bins: ColorBins(size: binSize), rebalancing: Float(rebalancing))
        let embedder = ModalityEmbedder { sample in
            guard case .image(let images) = sample else { sample.stop(.image) }
            return encoder(colorization.lightness(of: images))
        }
        return TrainingTask(colorization.on(input), embedders: [input: embedder])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let width = Double(width), further = Double(max(0, (doublings ?? 3) - 1))
        return ("objective.decoder_width", 16 * width * (features + further * width))
    }
}
