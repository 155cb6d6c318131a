import ConcordTensors

/// A rectangle inside an image's memory, and the image that keeps it alive.
struct PixelView {
    let image: Image
    let origin: Int
    let width, height: Int
    /// Bytes from one row to the next.
    var stride: Int { 3 * image.width }
    var base: UnsafePointer<UInt8> { UnsafePointer(image.base) + origin }

    init(_ image: Image) { self.init(image, x: 0, y: 0, width: image.width, height: image.height) }

    init(_ image: Image, x: Int, y: Int, width: Int, height: Int) {
        ShapeCheck.require(
            PixelRectangle(x: x, y: y, width: width, height: height).isInside(width: image.width, height: image.height),
            "cropped",
            "\(width)x\(height) at (\(x), \(y)) is not inside an image of \(image.width)x\(image.height)")
        (self.image, self.width, self.height, origin) = (image, width, height, 3 * (y * image.width + x))
    }

    /// The rectangle in memory of its own.
    func copied() -> Image {
        if width == image.width && height == image.height { return image }
        let copy = Image(uninitializedWidth: width, height: height)
        for y in 0..<height { (copy.base + 3 * width * y).update(from: base + stride * y, count: 3 * width) }
        return copy
    }
}

extension Image {
    /// A part of the image.
    /// - Parameter region: must be inside the image.
    public func cropped(to region: PixelRectangle) -> Image {
        PixelView(self, x: region.x, y: region.y, width: region.width, height: region.height).copied()
    }

    /// The middle `size` x `size` pixels, placed as torchvision's `center_crop` does; neither side may be shorter.
    public func centerCropped(to size: Int) -> Image {
        cropped(to: PixelRectangle(centered: size, size, inWidth: width, height: height))
    }
}

/// A part of an image: `width` columns from column `x`, `height` rows from row `y`.
public struct PixelRectangle: Hashable, Sendable {
    /// The left column and the top row, and the size, in pixels.
    public var x, y, width, height: Int

    /// - Parameters:
    ///   - x, y: the left column and the top row.
    ///   - width, height: in pixels, above 0.
    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The middle of an image, as torchvision's `center_crop` places it (halves go to the even neighbor).
    init(centered width: Int, _ height: Int, inWidth outerWidth: Int, height outerHeight: Int) {
        func margin(_ outer: Int, _ inner: Int) -> Int { Int((Double(outer - inner) / 2).rounded(.toNearestOrEven)) }
        self.init(x: margin(outerWidth, width), y: margin(outerHeight, height), width: width, height: height)
    }

    func isInside(width outerWidth: Int, height outerHeight: Int) -> Bool {
        width > 0 && height > 0 && x >= 0 && y >= 0 && width <= outerWidth - x && height <= outerHeight - y
    }
}
