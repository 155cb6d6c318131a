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
        image =
            hasImages
            ? try ImageViewSettings(fields, isPaired: needs.views > 1, usesLocalCrops: needs.usesLocalCrops) : nil
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
    public internal(set) var size: Int
    /// Which part of an image is seen.
    public let crop: Crop
    /// Side that images are resized to before cropping, for `shared`.
    public let resize: Int
    /// Fraction of the area that a random crop takes at least, for `random_resized`.
    public var scale: Double { area.lowerBound }
    /// Fraction of the area that a random crop takes, for `random_resized`.
    public internal(set) var area: ClosedRange<Double>
    /// Smaller crops beside the two views, for objectives that compare them (multi-crop); nil: none.
    public let localCrops: LocalCropSettings?
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

    /// - Parameters:
    ///   - isPaired: whether two views of an image are compared, which wants stronger changes: SimCLR's.
    ///   - usesLocalCrops: whether the objective takes smaller crops besides.
    init(_ fields: Fields, isPaired: Bool, usesLocalCrops: Bool) throws {
        size = try fields.integer(
            "size", default: 112, in: 8...4096, "Side in pixels of the square that the encoder sees.")
        crop = try fields.choice(
            "crop", default: Crop.randomResized,
            "random_resized: a random area per image; shared: one random offset per batch; whole: the whole image.")
        resize = try fields.integer(
            "resize", default: crop == .shared ? size * 9 / 8 : size, in: size...8192,
            "Side in pixels that images are resized to before a shared crop; by default size * 9 / 8.")
        localCrops = try LocalCropSettings(fields, size: size, crop: crop, isUsed: usesLocalCrops)
        let smallest = try fields.number(
            "scale", default: localCrops?.area.upperBound ?? (isPaired ? 0.2 : 0.5), in: 0.01...1,
            "Smallest fraction of the image's area that a random_resized crop takes.")
        area = smallest...1
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

/// `views.local_crops`: smaller crops of each image beside its two views.
///
/// ```yaml
/// views: {size: 32, scale: 0.4, local_crops: {count: 4, size: 16, scale: [0.05, 0.4]}}
/// ```
/// - Source: Caron et al. 2020, arXiv:2006.09882, section 3.3; the default areas are those of Caron et al. 2021,
///   arXiv:2104.14294.
public struct LocalCropSettings: Sendable {
    /// How many there are of each image.
    public let count: Int
    /// Side in pixels.
    public let size: Int
    /// Fraction of the image's area that each takes.
    public let area: ClosedRange<Double>

    /// Nil where the recipe has none.
    /// - Parameters:
    ///   - size, crop: of the two views.
    ///   - isUsed: whether the objective compares them.
    init?(_ views: Fields, size viewSize: Int, crop: ImageViewSettings.Crop, isUsed: Bool) throws {
        guard isUsed else {
            guard views.has("local_crops") else { return nil }
            throw views.fault(
                "local_crops",
                "this objective compares no smaller crops; dino, swav, byol, simsiam and moco_v3 do. Remove it, or "
                    + "choose one of them as objective.name")
        }
        guard
            let fields = try views.optionalFields(
                "local_crops", "Smaller crops of each image beside its two views (multi-crop).")
        else { return nil }
        guard crop == .randomResized else {
            throw views.fault("local_crops", "they are random areas of an image; set views.crop to random_resized")
        }
        count = try fields.integer("count", default: 4, in: 1...64, "Crops of each image.")
        size = try fields.integer(
            "size", default: max(8, viewSize / 2), in: 4...4096, "Side in pixels; by default half of views.size.")
        let bounds = try fields.numbers(
            "scale", default: [0.05, 0.4], in: 0.001...1,
            "Smallest and largest fraction of the image's area that a crop takes.")
        guard bounds[0] <= bounds[1] else {
            throw fields.fault("scale", "\(bounds[0]) is above \(bounds[1]); the smaller fraction comes first")
        }
        area = bounds[0]...bounds[1]
    }
}

extension ImageViewSettings {
    /// The settings of one of the smaller crops; nil where there are none.
    var local: ImageViewSettings? {
        localCrops.map { crops in
            var settings = self
            (settings.size, settings.area) = (crops.size, crops.area)
            return settings
        }
    }
}
