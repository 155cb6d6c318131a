public import ConcordTensors

/// CLIP's ways from an image to its encoder's input.
///
/// - Source: Radford et al. 2021, arXiv:2103.00020; open_clip's `image_transform` with its defaults.
public enum CLIPTransform: Sendable {
    /// The shorter side resized to the size, then the middle.
    case evaluation(Int)
    /// A random part of 0.9 to 1 of the area, resized.
    case training(Int)

    /// The image as its encoder sees it.
    /// - Parameter key: unused in evaluation.
    /// - Returns: a square of the case's size.
    public func callAsFunction(_ image: Image, using key: RandomKey = RandomKey(seed: 0)) -> Image {
        switch self {
        case .evaluation(let size): Self.middle(of: image).resized(shortestSide: size).centerCropped(to: size)
        case .training(let size): crop(size)(image, using: key)
        }
    }

    /// The same from a file, decoding no more than needed: large JPEGs are shrunk while decoding, to no less than twice
    /// the size.
    /// - Throws: `ImageError`.
    public func callAsFunction(_ image: EncodedImage, using key: RandomKey = RandomKey(seed: 0)) throws -> Image {
        switch self {
        case .evaluation(let size): self(try image.decoded(shortestSide: 2 * size))
        case .training(let size): try crop(size)(image, using: key)
        }
    }

    /// A strip without its ends: of an image of 1x60000 the whole, resized, would fill the memory for a square in the
    /// middle.
    private static func middle(of image: Image) -> Image {
        let short = min(image.width, image.height), long = 16 * short
        guard max(image.width, image.height) > long else { return image }
        let (width, height) = image.width > image.height ? (long, short) : (short, long)
        return image.cropped(to: PixelRectangle(centered: width, height, inWidth: image.width, height: image.height))
    }

    private func crop(_ size: Int) -> RandomResizedCrop { RandomResizedCrop(to: size, scale: 0.9...1) }
}
