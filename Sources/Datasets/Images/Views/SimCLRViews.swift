public import ConcordTensors

/// The random views of self-supervised learning: crop, rotation, flip, color jitter, gray, blur, solarization, each
/// with its own probability.
///
/// ```swift
/// let views = SimCLRViews(size: 32, strength: 0.5, blurProbability: 0)  // .cifar
/// let (a, b) = views.pair(of: image, using: key)
/// ```
///
/// - Source: Chen et al. 2020, arXiv:2002.05709, appendix A; defaults and order as lightly's `SimCLRTransform`. The
///   blur's window is a tenth of the side, as in the authors' code.
public struct SimCLRViews: Sendable {
    /// The crop that every view begins with.
    public var crop: RandomResizedCrop
    /// The color jitter, where it is applied.
    public var jitter: ColorJitter
    /// Probability of the color jitter.
    public var jitterProbability: Float = 0.8
    /// Probability that a view loses its colors.
    public var grayProbability: Float = 0.2
    /// Probability of the blur.
    public var blurProbability: Float
    /// Standard deviation of the blur in pixels.
    public var blurSigma: ClosedRange<Float> = 0.1...2
    /// Probability that left and right are exchanged.
    public var flipProbability: Float = 0.5
    /// Probability of a rotation.
    public var rotationProbability: Float = 0
    /// Rotations in degrees.
    public var rotation: ClosedRange<Float> = -90...90
    /// Probability that values from 128 on are inverted.
    public var solarizeProbability: Float = 0

    /// - Parameters:
    ///   - size: side of a view in pixels.
    ///   - strength: scales the jitter's 0.8, 0.8, 0.8 and 0.2; 1 for ImageNet, 0.5 for CIFAR.
    public init(
        size: Int = 224, strength: Float = 1, scale: ClosedRange<Float> = 0.08...1, blurProbability: Float = 0.5,
        filter: Image.Filter = .bilinear
    ) {
        crop = RandomResizedCrop(to: size, scale: scale, filter: filter)
        jitter = ColorJitter(
            brightness: 0.8 * strength, contrast: 0.8 * strength, saturation: 0.8 * strength, hue: 0.2 * strength)
        self.blurProbability = blurProbability
    }

    /// For images of 32x32: strength 0.5, no blur.
    public static let cifar = SimCLRViews(size: 32, strength: 0.5, blurProbability: 0)

    /// One view.
    /// - Returns: `size` x `size` pixels; the same for the same key.
    public func callAsFunction(_ image: Image, using key: RandomKey) -> Image {
        changed(crop(image, using: key), using: key)
    }
    /// One view of a file's image, of which no more than the crop is decoded.
    /// - Returns: `size` x `size` pixels.
    /// - Throws: `ImageError`.
    public func callAsFunction(_ image: EncodedImage, using key: RandomKey) throws -> Image {
        try changed(crop(image, using: key), using: key)
    }

    /// Two views of one image, independent of each other.
    public func pair(of image: Image, using key: RandomKey) -> (Image, Image) {
        (self(image, using: key.derived("view", 0)), self(image, using: key.derived("view", 1)))
    }

    private func changed(_ crop: Image, using key: RandomKey) -> Image {
        var random = key.derived("views").sequence
        var image = crop
        // Every draw is made whether or not it is used, so that one probability's change leaves the other choices
        // alone.
        let angle = random.uniform(in: rotation), sigma = random.uniform(in: blurSigma)
        if random.bernoulli(rotationProbability) { image = image.rotated(byDegrees: angle) }
        if random.bernoulli(flipProbability) { image = image.flippedHorizontally() }
        if random.bernoulli(jitterProbability) { image = jitter(image, using: key) }
        if random.bernoulli(grayProbability) { image = image.grayscale() }
        if random.bernoulli(blurProbability) { image = image.blurred(sigma: sigma, kernel: crop.width / 20 * 2 + 1) }
        if random.bernoulli(solarizeProbability) { image = image.solarized() }
        return image
    }
}
