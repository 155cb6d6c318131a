import ConcordDatasets
import ConcordTensors

/// From image files to the tensors that a recipe's encoder sees, by its `views`.
struct ImageViews: Sendable {
    /// An image after its own random choices, and whether it is to be mirrored.
    struct View: Sendable {
        let image: Image
        let isFlipped: Bool
    }

    private let settings: ImageViewSettings
    private let normalization: Normalization

    init(_ settings: ImageViewSettings) {
        self.settings = settings
        normalization = settings.normalization
    }

    /// What of an image can be kept in memory: it holds before any random choice.
    func decoded(_ path: String) throws -> Image {
        switch settings.crop {
        case .shared: try Image(contentsOf: path).resized(width: settings.resize, height: settings.resize)
        case .whole:
            try Image(contentsOf: path, shortestSide: 2 * settings.size).resized(
                width: settings.size, height: settings.size)
        case .randomResized: try Image(contentsOf: path, shortestSide: 2 * settings.size)
        }
    }

    /// What of an image in memory can be kept.
    func decoded(_ image: Image) -> Image {
        switch settings.crop {
        case .shared: image.resized(width: settings.resize, height: settings.resize)
        case .whole: image.resized(width: settings.size, height: settings.size)
        case .randomResized: image
        }
    }

    /// A training view of a decoded image.
    func augmented(_ image: Image, using random: inout RandomSequence) -> View {
        let key = random.nextKey()
        var view = image
        if settings.crop == .randomResized {
            view = view.randomResizedCrop(
                to: settings.size, scale: Float(settings.area.lowerBound)...Float(settings.area.upperBound),
                using: key.derived("crop"))
        }
        if settings.rotation > 0 {
            var turn = key.derived("rotation").sequence
            let limit = Float(settings.rotation)
            view = view.rotated(byDegrees: turn.uniform(in: -limit...limit), filter: .bilinear)
        }
        if settings.jitter > 0 {
            let s = Float(settings.jitter)
            var choice = key.derived("jitter").sequence
            if choice.bernoulli(0.8) {
                view = ColorJitter(brightness: 0.8 * s, contrast: 0.8 * s, saturation: 0.8 * s, hue: min(0.5, 0.2 * s))(
                    view, using: choice.nextKey())
            }
        }
        var choice = key.derived("flip and grey").sequence
        let isFlipped = settings.flip && choice.bernoulli(0.5)
        if settings.gray > 0, choice.bernoulli(Float(settings.gray)) { view = view.grayscale() }
        var rest = key.derived("blur").sequence
        let sigma = rest.uniform(in: 0.1...2)
        if settings.blur > 0, rest.bernoulli(Float(settings.blur)) {
            view = view.blurred(sigma: sigma, kernel: settings.size / 20 * 2 + 1)
        }
        if settings.solarize > 0, rest.bernoulli(Float(settings.solarize)) { view = view.solarized() }
        return View(image: view, isFlipped: isFlipped)
    }

    /// Training views as one tensor `[N, H, W, 3]`; `shared` crops all of them at one random offset.
    func batch(_ views: [View], using random: inout RandomSequence) -> Tensor {
        var crop: PixelRectangle?
        if settings.crop == .shared {
            let room = settings.resize - settings.size + 1
            let y = random.integer(below: room), x = random.integer(below: room)
            crop = PixelRectangle(x: x, y: y, width: settings.size, height: settings.size)
        }
        return Tensor(normalizing: views.map(\.image), normalization, crop: crop, flips: views.map(\.isFlipped))
    }

    /// The evaluation view of a file: no random choice.
    func evaluated(_ path: String) throws -> Image { try evaluated(EncodedImage(contentsOf: path)) }

    /// The evaluation view of an image file's bytes.
    func evaluated(_ image: EncodedImage) throws -> Image {
        switch settings.crop {
        case .shared: evaluated(try image.decoded())
        case .whole: evaluated(try image.decoded(shortestSide: 2 * settings.size))
        case .randomResized: try CLIPTransform.evaluation(settings.size)(image)
        }
    }

    /// The evaluation view of an image.
    func evaluated(_ image: Image) -> Image {
        switch settings.crop {
        case .shared:
            image.resized(width: settings.resize, height: settings.resize).centerCropped(to: settings.size)
        case .whole: image.resized(width: settings.size, height: settings.size)
        case .randomResized: CLIPTransform.evaluation(settings.size)(image)
        }
    }

    /// Evaluation views as one tensor `[N, H, W, 3]`.
    func batch(_ images: [Image]) -> Tensor { Tensor(normalizing: images, normalization) }
}
