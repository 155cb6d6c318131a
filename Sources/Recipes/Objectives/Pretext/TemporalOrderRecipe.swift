import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Temporal order: in which order the segments of a video, or of a clip of sound, were shuffled.
///
/// ```yaml
/// objective: {name: temporal_order, segments: 4}
/// views: {frames: 4, stride: 4, size: 64}
/// ```
/// - Source: Lee et al. 2017, arXiv:1708.01246.
public struct TemporalOrderRecipe: ObjectiveRecipe {
    public static let name = "temporal_order"

    /// The videos or clips.
    public let input: RecipeInput
    private let segments, width, hidden: Int
    private let isReversible: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        input = try fields.segmentedInput(data, "What is put in order.")
        segments = try fields.integer("segments", default: 4, in: 3...5, "Segments of a clip that are shuffled.")
        isReversible = try fields.flag(
            "reversible", default: input.kind == .video, "Whether an order and its reversal are one class.")
        width = try fields.integer("tile_width", default: 128, in: 1...65536, "Size of the code of a segment.")
        hidden = try fields.integer(
            "hidden", default: 512, in: 1...65536, "Size of the layer between the segments' codes and the classes.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        guard data.inputs.contains(input) else {
            throw ObjectiveFault("objective \(Self.name) learns from video or audio, and data.columns names none")
        }
        return DataNeeds([input])
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        func order<E: FeatureEncoder>(_ encoder: E) -> TemporalOrder<E> where E.Input: Segmentable {
            TemporalOrder(encoder, segments: segments, isReversible: isReversible, width: width, hidden: hidden)
        }
        func on<E: FeatureEncoder>(
            _ encoder: E, _ path: any KeyPath<MultimodalBatch, Available<E.Input>?> & Sendable
        ) -> any Objective<MultimodalBatch> where E.Input: Segmentable { order(encoder).on(path) }
        if input.kind == .audio {
            let encoder = try parts.audioEncoder(of: input)
            return TrainingTask(on(encoder, \.[audio: input.name]), embedders: [input: .audio(encoder)])
        }
        let length = parts.recipe.views.video?.length ?? 0
        guard length >= segments else {
            throw RecipeError.data(
                message: "views.frames: \(length) frames have no \(segments) segments; give more frames, or fewer "
                    + "objective.segments")
        }
        let encoder = try parts.videoEncoder(of: input)
        return TrainingTask(on(encoder, \.[video: input.name]), embedders: [input: .videos(encoder)])
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        ("objective.hidden", Double(hidden) * Double(segments * width) + features * Double(width))
    }
}
