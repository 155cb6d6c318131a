/// An image's file in memory, its size known from the header, its pixels not yet decoded.
///
/// Decoding only what a view needs is what makes feeding photographs fast:
///
/// ```swift
/// let view = try EncodedImage(contentsOf: "photo.jpg").randomResizedCrop(to: 224, using: key)
/// ```
///
/// JPEG files are decoded in the crop's rows and columns only, and shrunk while decoding where the wanted size allows.
public struct EncodedImage: Sendable {
    /// The file, as errors name it.
    public let path: String
    /// Size of the image as seen, that is after its EXIF orientation.
    public let width, height: Int
    /// What shines through where the image is transparent.
    public var background = Image.Color.white
    /// Pixels that may be decoded at most; larger images are refused.
    public var pixelLimit = 100_000_000

    let bytes: [UInt8]
    let format: ImageFormat
    let orientation: Orientation
    /// Memory that scaled decoding would not save.
    let isProgressive: Bool

    /// Reads a file and its header.
    /// - Throws: `ImageError`.
    public init(contentsOf path: String) throws { try self.init(ImageFile.read(path), path: path) }

    /// Takes a file's bytes and reads the header.
    /// - Parameter path: what errors call it.
    public init(_ bytes: [UInt8], path: String = "image") throws {
        (self.bytes, self.path) = (bytes, path)
        let format = try ImageFormat(bytes, path: path)
        let (width, height, orientation, isProgressive) = try bytes.withUnsafeBufferPointer { bytes in
            switch format {
            case .jpeg:
                let reader = try JPEGReader(bytes, path: path)
                return (reader.width, reader.height, reader.orientation, reader.isProgressive)
            case .png:
                let reader = try PNGReader(bytes, path: path)
                return (reader.width, reader.height, reader.orientation, false)
            case .webp:
                let reader = try WebPReader(bytes, path: path)
                return (reader.width, reader.height, reader.orientation, false)
            }
        }
        (self.format, self.orientation, self.isProgressive) = (format, orientation, isProgressive)
        (self.width, self.height) = orientation.isSideways ? (height, width) : (width, height)
    }

    /// The image.
    /// - Parameter shortestSide: where given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size as long as its
    ///   shorter side keeps this many pixels. Twice the final size leaves a resized image practically as it would be
    ///   from the full one.
    /// - Throws: `ImageError`.
    public func decoded(shortestSide: Int? = nil) throws -> Image {
        let denominator = denominator(for: shortestSide, of: min(width, height))
        try checkLimit(width, height, denominator)
        return try bytes.withUnsafeBufferPointer { bytes in
            switch format {
            case .jpeg: try JPEGReader(bytes, path: path).decode(denominator: denominator)
            case .png: try PNGReader(bytes, path: path).decode(over: background)
            case .webp: try WebPReader(bytes, path: path).decode(over: background)
            }
        }.oriented(orientation)
    }

    /// A part of the image resized, equal to decoding, cropping and resizing but for scaled decoding.
    /// - Parameters:
    ///   - region: in pixels of the image as seen; must be inside.
    ///   - width: of the result, as `height`.
    /// - Throws: `ImageError`.
    public func resized(
        _ region: PixelRectangle, width: Int, height: Int, filter: Image.Filter = .bicubic
    ) throws -> Image {
        guard format == .jpeg else {
            return try decoded().cropped(to: region).resized(width: width, height: height, filter: filter)
        }
        let denominator =
            filter == .nearest
            ? 1 : min(denominator(for: 2 * width, of: region.width), denominator(for: 2 * height, of: region.height))
        try checkLimit(region.width, region.height, denominator)
        let stored =
            orientation.isSideways ? (width: self.height, height: self.width) : (width: self.width, height: self.height)
        let part = orientation.stored(region, width: stored.width, height: stored.height)
        func scaled(_ start: Int, _ count: Int) -> Range<Int> {
            start / denominator..<(start + count + denominator - 1) / denominator
        }
        let columns = scaled(part.x, part.width), rows = scaled(part.y, part.height)
        let (image, x) = try bytes.withUnsafeBufferPointer {
            try JPEGReader($0, path: path).decode(columns: columns, rows: rows, denominator: denominator)
        }
        // The region's edges in the pixels just decoded, which begin at the whole scaled pixel in front of them.
        let left = Float(part.x) / Float(denominator) - Float(columns.lowerBound),
            top = Float(part.y) / Float(denominator) - Float(rows.lowerBound)
        let view = PixelView(image, x: columns.lowerBound - x, y: 0, width: columns.count, height: rows.count)
        let box = Image.Box(
            left: left, top: top, right: left + Float(part.width) / Float(denominator),
            bottom: top + Float(part.height) / Float(denominator))
        // Pixels are turned before they are resized, so that the result does not depend on how the file was stored.
        guard orientation != .upright else {
            return view.resized(width: width, height: height, filter: filter, box: box)
        }
        let turned = view.copied().oriented(orientation)
        return PixelView(turned).resized(
            width: width, height: height, filter: filter,
            box: box.oriented(orientation, width: Float(columns.count), height: Float(rows.count)))
    }

    /// The largest of 1, 2, 4, 8 that leaves `side` at least `wanted` pixels.
    private func denominator(for wanted: Int?, of side: Int) -> Int {
        guard format == .jpeg, let wanted else { return 1 }
        return [8, 4, 2].first { side / $0 >= wanted } ?? 1
    }

    private func checkLimit(_ width: Int, _ height: Int, _ denominator: Int) throws {
        let decoded = isProgressive ? self.width * self.height : (width / denominator) * (height / denominator)
        if decoded > pixelLimit {
            throw ImageError.tooLarge(path: path, width: self.width, height: self.height, limit: pixelLimit)
        }
    }
}

extension Image {
    /// Reads a JPEG, PNG or WebP file whole, upright by its EXIF orientation.
    ///
    /// - Parameters:
    ///   - background: what is visible where a PNG or WebP image is transparent.
    ///   - shortestSide: allows a large JPEG to be shrunk while decoding as long as its shorter side keeps this many
    ///     pixels.
    /// - Throws: `ImageError`. A file that is cut short or corrupt in any place its decoder notices is an error.
    public init(contentsOf path: String, background: Color = .white, shortestSide: Int? = nil) throws {
        var file = try EncodedImage(contentsOf: path)
        file.background = background
        self = try file.decoded(shortestSide: shortestSide)
    }

    /// Decodes a JPEG, PNG or WebP file's bytes.
    public init(_ bytes: [UInt8], background: Color = .white, shortestSide: Int? = nil) throws {
        var file = try EncodedImage(bytes)
        file.background = background
        self = try file.decoded(shortestSide: shortestSide)
    }
}

/// The kinds of image files that can be read, recognized by their first bytes, never by their names.
enum ImageFormat {
    case jpeg, png, webp

    init(_ bytes: [UInt8], path: String) throws {
        let head = Array(bytes.prefix(MediaKind.headLength))
        guard let kind = MediaKind(head) else {
            throw ImageError.notAnImage(path: path, found: MediaFile.described(head))
        }
        switch kind.decoder {
        case .jpeg: self = .jpeg
        case .png: self = .png
        case .webp: self = .webp
        case .sndfile: throw ImageError.notAnImage(path: path, found: "it is a sound (\(kind.name))")
        case nil:
            if kind.medium == .sound {
                throw ImageError.notAnImage(path: path, found: "it is a sound or film (\(kind.name))")
            }
            throw ImageError.unsupported(path: path, reason: kind.refusal(of: path))
        }
    }
}
