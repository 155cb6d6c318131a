public import ConcordTensors

/// Random changes of brightness, contrast, saturation and hue, in random order.
///
/// - Source: Chen et al. 2020, arXiv:2002.05709, appendix A, as torchvision's `ColorJitter`: the factor of the first
///   three is uniform in `max(0, 1 - x) ... 1 + x`, the turn of the hue in `-x ... x`.
public struct ColorJitter: Sendable {
    /// How far each factor strays from 1; 0 leaves that quality alone.
    public var brightness, contrast, saturation: Float
    /// How far hues turn at most, in turns, 0 to 0.5.
    public var hue: Float

    /// - Parameters:
    ///   - brightness, contrast, saturation: how far each factor strays from 1, at least 0.
    ///   - hue: the largest turn of hues, in turns, 0 to 0.5.
    public init(brightness: Float = 0, contrast: Float = 0, saturation: Float = 0, hue: Float = 0) {
        (self.brightness, self.contrast, self.saturation, self.hue) = (brightness, contrast, saturation, hue)
    }

    /// One random change; the same for the same key.
    /// - Returns: an image of the same size.
    public func callAsFunction(_ image: Image, using key: RandomKey) -> Image {
        var random = key.derived("color jitter").sequence
        func factor(_ spread: Float) -> Float { random.uniform(in: max(0, 1 - spread)...1 + spread) }
        let factors = (factor(brightness), factor(contrast), factor(saturation), random.uniform(in: -hue...hue))
        var order = [0, 1, 2, 3]
        for i in (1..<4).reversed() { order.swapAt(i, random.integer(below: i + 1)) }
        return order.reduce(image) { image, step in
            switch step {
            case 0: brightness > 0 ? image.withBrightness(factors.0) : image
            case 1: contrast > 0 ? image.withContrast(factors.1) : image
            case 2: saturation > 0 ? image.withSaturation(factors.2) : image
            default: hue > 0 ? image.withHue(turnedBy: factors.3) : image
            }
        }
    }
}
