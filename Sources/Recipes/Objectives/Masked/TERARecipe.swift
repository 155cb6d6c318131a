import ConcordEncoders
import ConcordObjectives

/// TERA, and Mockingjay with `band_fraction: 0`: missing segments of log-mel frames in time and frequency are
/// reconstructed.
///
/// ```yaml
/// objective: {name: tera}
/// model: {audio: {encoder: log_mel, mels: 80, channels: [], context: transformer, hidden: 768, layers: 3, heads: 12}}
/// ```
/// - Source: Liu et al. 2019, arXiv:1910.12638; Liu, Li, Lee 2020, arXiv:2007.06028.
public struct TERARecipe: ObjectiveRecipe {
    public static let name = "tera"

    private let alteration: FrameAlteration

    public init(_ fields: Fields, data: DataSettings) throws {
        let fraction = try fields.number(
            "mask_fraction", default: 0.15, in: 0...1,
            "Fraction of the frames that masked spans would cover if they did not overlap.")
        let length = try fields.integer("mask_length", default: 7, in: 1...1000, "Frames of a masked span.")
        let band = try fields.number(
            "band_fraction", default: 0.2, in: 0...1, "Widest masked band, as a fraction of the mel bands; 0: none.")
        alteration = FrameAlteration(fraction: fraction, length: length, bandFraction: band)
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input)
        guard settings.channels.isEmpty else {
            throw RecipeError.data(
                message: "model.audio.channels: objective tera reconstructs log-mel frames, and learned convolutions "
                    + "of them are no target; channels: [] wanted, with kernels and strides as empty")
        }
        let model = MaskedReconstruction(
            encoder: encoder, context: try parts.bidirectionalContext(settings, over: encoder.featureDimension),
            alteration: alteration)
        return TrainingTask(model.on(\.[audio: input.name]), embedders: [input: .audio { model.embed($0) }])
    }
}
