#if canImport(Glibc)
    import Glibc
#endif
public import ConcordTensors

/// Cuts out a random part of random area and shape and resizes it to a square.
///
/// - Source: Szegedy et al. 2015, arXiv:1409.4842, section 6, by torchvision's rule: the area uniform in `scale` of the
///   whole, the logarithm of width over height uniform in that of `ratio`, ten tries, then the largest centered part of
///   an allowed shape. The numbers are drawn from a `RandomKey`, so they are not torch's.
public struct RandomResizedCrop: Sendable {
    /// Side of the result in pixels.
    public var size: Int
    /// Fraction of the image's area, in (0, 1].
    public var scale: ClosedRange<Float>
    /// Width over height.
    public var ratio: ClosedRange<Float>
    /// How pixels are resampled.
    public var filter: Image.Filter

    /// - Parameters:
    ///   - size: side of the result in pixels, above 0.
    ///   - scale: fraction of the area, in (0, 1].
    ///   - ratio: width over height, above 0.
    ///   - filter: how pixels are resampled.
    public init(
        to size: Int, scale: ClosedRange<Float> = 0.08...1, ratio: ClosedRange<Float> = 3 / 4...4 / 3,
        filter: Image.Filter = .bicubic
    ) { (self.size, self.scale, self.ratio, self.filter) = (size, scale, ratio, filter) }

    /// A random part of the image, resized.
    /// - Returns: `size` x `size` pixels; the same for the same key.
    public func callAsFunction(_ image: Image, using key: RandomKey) -> Image {
        let part = rectangle(width: image.width, height: image.height, using: key)
        return PixelView(image, x: part.x, y: part.y, width: part.width, height: part.height).resized(
            width: size, height: size, filter: filter)
    }

    /// A random part of a file's image, resized; no more of it is decoded.
    /// - Returns: `size` x `size` pixels, the part that the decoded image would give for the same key.
    /// - Throws: `ImageError`.
    public func callAsFunction(_ image: EncodedImage, using key: RandomKey) throws -> Image {
        try image.resized(
            rectangle(width: image.width, height: image.height, using: key), width: size, height: size, filter: filter)
    }

    /// The part that `key` cuts out of an image of this size.
    public func rectangle(width: Int, height: Int, using key: RandomKey) -> PixelRectangle {
        var random = key.derived("random resized crop").sequence
        let area = Double(width * height), logarithms = log(ratio.lowerBound)...log(ratio.upperBound)
        for _ in 0..<10 {
            let wanted = area * Double(random.uniform(in: scale)), shape = exp(Double(random.uniform(in: logarithms)))
            let w = Int((wanted * shape).squareRoot().rounded(.toNearestOrEven)),
                h = Int((wanted / shape).squareRoot().rounded(.toNearestOrEven))
            if w > 0 && w <= width && h > 0 && h <= height {
                let y = random.integer(below: height - h + 1), x = random.integer(below: width - w + 1)
                return PixelRectangle(x: x, y: y, width: w, height: h)
            }
        }
        let shape = Float(width) / Float(height)
        let w = shape > ratio.upperBound ? Int((Float(height) * ratio.upperBound).rounded(.toNearestOrEven)) : width
        let h = shape < ratio.lowerBound ? Int((Float(width) / ratio.lowerBound).rounded(.toNearestOrEven)) : height
        return PixelRectangle(
            x: (width - max(1, w)) / 2, y: (height - max(1, h)) / 2, width: max(1, w), height: max(1, h))
    }
}

extension Image {
    /// A random part, resized to a square; see `RandomResizedCrop`.
    public func randomResizedCrop(
        to size: Int, scale: ClosedRange<Float> = 0.08...1, ratio: ClosedRange<Float> = 3 / 4...4 / 3,
        filter: Filter = .bicubic,
        using key: RandomKey
    ) -> Image { RandomResizedCrop(to: size, scale: scale, ratio: ratio, filter: filter)(self, using: key) }

    /// A random square of `size` pixels at the image's own scale; neither side may be shorter.
    public func randomCrop(to size: Int, using key: RandomKey) -> Image {
        ShapeCheck.require(min(width, height) >= size, "randomCrop", "\(size) pixels of an image of \(width)x\(height)")
        var random = key.derived("random crop").sequence
        let y = random.integer(below: height - size + 1), x = random.integer(below: width - size + 1)
        return cropped(to: PixelRectangle(x: x, y: y, width: size, height: size))
    }

    /// Left and right exchanged with the given probability.
    /// - Parameter probability: in `0...1`.
    public func flippedRandomly(probability: Float = 0.5, using key: RandomKey) -> Image {
        var random = key.derived("horizontal flip").sequence
        return random.bernoulli(probability) ? flippedHorizontally() : self
    }
}

extension EncodedImage {
    /// A random part, resized to a square, decoding no more than it needs; see `RandomResizedCrop`.
    public func randomResizedCrop(
        to size: Int, scale: ClosedRange<Float> = 0.08...1, ratio: ClosedRange<Float> = 3 / 4...4 / 3,
        filter: Image.Filter = .bicubic,
        using key: RandomKey
    ) throws -> Image { try RandomResizedCrop(to: size, scale: scale, ratio: ratio, filter: filter)(self, using: key) }
}
