public import ConcordEncoders
import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// Regression of a video's frame ahead from the frames before it.
///
/// ```yaml
/// data: {kind: videos, path: clips, split: {last: 0.2}}
/// objective: {name: next_frame, ahead: 1, distance: l1}
/// model: {video: {frame: {encoder: cnn}, context: gru}}
/// views: {frames: 9, size: 64, crop: whole, flip: false}
/// ```
///
/// A clip of `views.frames` frames is that many less `ahead` of context, and the frames to be predicted. The decoder is
/// convolutional where the side of a frame is a multiple of 16.
/// - Source: encoder, recurrence and decoder as Srivastava, Mansimov, Salakhutdinov 2015, arXiv:1502.04681, with
///   convolutions for their fully connected layers; the error as Mathieu, Couprie, LeCun 2015, arXiv:1511.05440, eq. 1.
public struct NextFrameRecipe: ObjectiveRecipe {
    public static let name = "next_frame"

    /// The videos.
    public let input: RecipeInput
    /// Frames from the last of the context to the predicted one.
    public let ahead: Int
    /// How a predicted frame is compared with the true one.
    public let distance: FramePrediction<VideoEncoder>.Distance
    /// Whether the difference from the last frame is predicted.
    public let isResidual: Bool
    /// Which frames others are predicted from.
    public let anchors: FramePrediction<VideoEncoder>.Anchors
    /// Channels of the decoder's smallest map.
    public let channels: Int

    public init(_ fields: Fields, data: DataSettings) throws {
        let videos = data.inputs.filter { $0.kind == .video }
        input =
            videos.count > 1
            ? data.input(try fields.choice("input", default: videos[0].name, of: videos.map(\.name), "Which videos."))
                ?? .video : videos.first ?? .video
        ahead = try fields.integer(
            "ahead", default: 1, in: 1...1000, "Frames of a clip from the last of the context to the predicted one.")
        distance = try fields.choice(
            "distance", default: FramePrediction<VideoEncoder>.Distance.l1, "l1: absolute error; l2: squared error.")
        isResidual = try fields.flag(
            "residual", default: false, "Predict the difference from the last frame, in place of the frame.")
        anchors = try fields.choice(
            "from", default: FramePrediction<VideoEncoder>.Anchors.last,
            "last: one prediction a clip, from all its context; all: one from each of its frames.")
        channels = try fields.integer(
            "channels", default: 128, in: 8...4096, "Channels of the decoder's smallest map, a multiple of 8.")
        guard channels.isMultiple(of: 8) else { throw fields.fault("channels", "a multiple of 8 wanted") }
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        try data.require(.video, for: Self.name)
        var needs = DataNeeds([input])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let (encoder, context, length) = try parts.videoFrames(of: input)
        guard let images = parts.recipe.views.image, length > ahead else {
            throw RecipeError.data(
                message: "views.frames: a clip of \(length) has no frame \(ahead) after its first; give more, "
                    + "or a smaller objective.ahead")
        }
        let model = FramePrediction(
            encoder: encoder, context: context,
            decoder: try decoder(of: images.size, behind: context),
            target: .frames(size: images.size * images.size * 3), ahead: ahead, distance: distance, anchors: anchors,
            residual: isResidual)
        let places = (context as? ConvolutionalGRU).map { $0.height * $0.width } ?? 1
        let embedder = ModalityEmbedder.videos { clips in
            model.embed(clips).reshaped([clips.count, places, -1]).mean(axis: 1)
        }
        var task = TrainingTask(model.on(\.[video: input.name]), embedders: [input: embedder])
        task.evaluations.insert(
            NextFrameEvaluation(input: input, ahead: ahead, normalization: images.normalization) { model.next($0) },
            at: 0)
        return task
    }

    /// Nil, for a linear one, where transposed convolutions do not give the size.
    private func decoder(of size: Int, behind context: any SequenceLayer) throws -> ConvolutionalDecoder? {
        if let maps = context as? ConvolutionalGRU {
            let doublings = (size / maps.height).trailingZeroBitCount
            guard size == maps.height << doublings, doublings > 0, maps.hidden % (1 << (doublings - 1)) == 0 else {
                throw RecipeError.data(
                    message: "views.size: \(size) pixels are not doublings of feature maps of \(maps.height) (and "
                        + "model.video.hidden \(maps.hidden) as many halvings); give a power of two")
            }
            return ConvolutionalDecoder(
                nil, channels: maps.hidden, height: maps.height, width: maps.width, doublings: doublings)
        }
        guard size.isMultiple(of: 16) else { return nil }
        return ConvolutionalDecoder(
            context.outputDimension, channels: channels, height: size / 16, width: size / 16, doublings: 4)
    }
}
