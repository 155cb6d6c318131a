public import ConcordTensors

/// An image: RGB, 8 bits a channel, a value that nobody changes.
///
/// ```swift
/// let photo = try Image(contentsOf: "cat.jpg")
/// let view = photo.randomResizedCrop(to: 224, using: key)
/// let batch = Tensor(normalizing: [view], .clip)                       // [1, 224, 224, 3]
/// ```
///
/// Every operation returns a new image and is a function of its arguments alone; random ones take a `RandomKey`.
public struct Image: Sendable {
    /// The bytes, uint8 `[H, W, 3]`, rows from the top.
    public let pixels: Tensor

    /// - Parameter pixels: uint8 `[H, W, 3]`, neither side zero.
    public init(pixels: Tensor) {
        ShapeCheck.require(
            pixels.elementType == .uint8 && pixels.rank == 3 && pixels.shape[2] == 3 && pixels.count > 0, "Image",
            "uint8 [H, W, 3] wanted, found \(pixels.elementType) \(pixels.shape)")
        self.pixels = pixels.detached
    }

    /// An image of one color.
    public init(width: Int, height: Int, _ color: Color = .white) {
        self.init(uninitializedWidth: width, height: height)
        let p = base
        for i in 0..<width * height { (p[3 * i], p[3 * i + 1], p[3 * i + 2]) = (color.red, color.green, color.blue) }
    }

    /// An image with arbitrary contents, for a kernel to fill.
    init(uninitializedWidth width: Int, height: Int) {
        ShapeCheck.require(width > 0 && height > 0, "Image", "an image of \(width)x\(height)")
        pixels = Tensor(uninitialized: [height, width, 3], .uint8)
    }

    /// Columns W.
    public var width: Int { pixels.shape[1] }
    /// Rows H.
    public var height: Int { pixels.shape[0] }
    /// The bytes' memory; valid while the image is held.
    var base: UnsafeMutablePointer<UInt8> { pixels.uint8Pointer }
    /// Bytes of all pixels.
    var count: Int { pixels.count }

    /// The color in column `x`, row `y`.
    public subscript(x: Int, y: Int) -> Color {
        ShapeCheck.require(
            (0..<width).contains(x) && (0..<height).contains(y), "Image",
            "pixel (\(x), \(y)) of an image of \(width)x\(height)")
        let p = base + 3 * (y * width + x)
        return Color(p[0], p[1], p[2])
    }
}

extension Image {
    /// An RGB color, 0 to 255 a channel.
    public struct Color: Hashable, Sendable {
        /// Channels, 0 to 255.
        public let red, green, blue: UInt8

        /// A color of three channels, 0 to 255.
        public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }

        /// The color of all channels at 255.
        public static let white = Color(255, 255, 255)
        /// The color of all channels at 0.
        public static let black = Color(0, 0, 0)
    }
}

extension Image: ByteCounted {
    /// Bytes of the pixels.
    public var byteCount: Int { pixels.count }
}

extension Image: Equatable {
    public static func == (a: Image, b: Image) -> Bool {
        a.width == b.width && a.height == b.height
            && UnsafeBufferPointer(start: a.base, count: a.count).elementsEqual(
                UnsafeBufferPointer(start: b.base, count: b.count))
    }
}
