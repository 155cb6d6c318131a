public import ConcordDatasets

/// `views`: how images and sounds become tensors, in training and in evaluation.
///
/// ```yaml
/// views: {size: 64, crop: shared, resize: 72, flip: true, normalization: clip, audio: {rate: 16000, seconds: 2}}
/// ```
public struct ViewSettings: Sendable {
    /// Nil where the recipe reads neither images nor videos.
    public let image: ImageViewSettings?
    /// Nil where the recipe reads no videos.
    public let video: VideoViewSettings?
    /// Nil where the recipe reads no audio.
    public let audio: AudioViewSettings?

    init(_ fields: Fields, needs: DataNeeds) throws {
        let hasImages = needs.modalities.contains(.image) || needs.modalities.contains(.video)
        image = hasImages ? try ImageViewSettings(fields, isPaired: needs.views > 1) : nil
        video = needs.modalities.contains(.video) ? try VideoViewSettings(fields) : nil
        audio =
            needs.modalities.contains(.audio)
            ? try AudioViewSettings(fields.fields("audio", "How sounds become samples.")) : nil
    }
}

/// The part of `views` about videos; how a frame becomes a tensor is as for images, the same for all of a clip.
///
/// ```yaml
/// views: {frames: 9, stride: 2, size: 64, crop: whole, flip: false}
/// ```
public struct VideoViewSettings: Sendable {
    /// Frames of a clip.
    public let length: Int
    /// From one frame of a clip to the next, in frames of the video.
    public let stride: Int

    /// Frames of the video from a clip's first to its last.
    public var span: Int { (length - 1) * stride + 1 }

    init(_ fields: Fields) throws {
        length = try fields.integer("frames", default: 8, in: 1...4096, "Frames of a clip.")
        stride = try fields.integer(
            "stride", default: 1, in: 1...4096, "From one frame of a clip to the next, in frames of the video.")
    }
}

/// The part of `views` about images.
public struct ImageViewSettings: Sendable {
    /// Which part of an image is seen.
    public enum Crop: String, Sendable, CaseIterable {
        /// Of random area (`scale`) and shape, resized to `size` (CLIP's and SimCLR's).
        case randomResized = "random_resized"
        /// A `size` square of the image resized to a `resize` square, at an offset that the whole batch shares.
        case shared
        /// The image resized to a `size` square, always whole.
        case whole
    }

    /// Side of the square that the encoder sees, in pixels.
    public let size: Int
    /// Which part of an image is seen.
    public let crop: Crop
    /// Side that images are resized to before cropping, for `shared`.
    public let resize: Int
    /// Fraction of the area that a random crop takes at least, for `random_resized`.
    public let scale: Double
    /// Whether half of the images are mirrored.
    public let flip: Bool
    /// Strength of the color jitter, SimCLR's s; 0 for none.
    public let jitter: Double
    /// Probability of a gray image.
    public let gray: Double
    /// Largest rotation in degrees, either way; 0 for none.
    public let rotation: Double
    /// Probability of a blur, and of inverted bright pixels.
    public let blur, solarize: Double
    /// Mean and standard deviation of the channels.
    public let normalization: Normalization

    /// - Parameter isPaired: whether two views of an image are compared, which wants stronger changes: SimCLR's.
    init(_ fields: Fields, isPaired: Bool) throws {
        size = try fields.integer(
            "size", default: 112, in: 8...4096, "Side in pixels of the square that the encoder sees.")
        crop = try fields.choice(
            "crop", default: Crop.randomResized,
            "random_resized: a random area per image; shared: one random offset per batch; whole: the whole image.")
        resize = try fields.integer(
            "resize", default: crop == .shared ? size * 9 / 8 : size, in: size...8192,
            "Side in pixels that images are resized to before a shared crop; by default size * 9 / 8.")
        scale = try fields.number(
            "scale", default: isPaired ? 0.2 : 0.5, in: 0.01...1,
            "Smallest fraction of the image's area that a random_resized crop takes.")
        flip = try fields.flag("flip", default: true, "Mirror half of the images.")
        jitter = try fields.number(
            "jitter", default: isPaired ? 0.5 : 0, in: 0...2, "Strength of the color jitter (SimCLR's s); 0 for none.")
        fields.renamed("grey", to: "gray")
        gray = try fields.number(
            "gray", default: isPaired ? 0.2 : 0, in: 0...1, "Probability that an image is made gray.")
        blur = try fields.number(
            "blur", default: isPaired && size >= 64 ? 0.5 : 0, in: 0...1,
            "Probability of a Gaussian blur of 0.1 to 2 pixels.")
        rotation = try fields.number(
            "rotation", default: 0, in: 0...180, "Largest rotation in degrees, either way; 0 for none.")
        solarize = try fields.number("solarize", default: 0, in: 0...1, "Probability that bright pixels are inverted.")
        let known = Normalization.named
        let name = try fields.choice(
            "normalization", default: "clip", of: known.map(\.name),
            "Mean and standard deviation of the channels, of which training set; none: values from 0 to 1.")
        normalization = known.first { $0.name == name }?.normalization ?? .clip
    }
}
