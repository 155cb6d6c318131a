import CKernels
import ConcordTensors

/// How stored rows and columns are turned in the image as seen: EXIF tag 0x0112, values 1 to 8.
enum Orientation: Int {
    case upright = 1
    case mirrored, turned180, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Reads the tag from a TIFF block; a block that makes no sense says nothing.
    /// - Source: CIPA DC-008 (EXIF 2.32), 4.6.2 and 4.6.4.
    init(tiff bytes: UnsafeBufferPointer<UInt8>) {
        self = Self.tag(in: bytes).flatMap(Orientation.init) ?? .upright
    }

    private static func tag(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard bytes.count >= 8, bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4D else { return nil }
        let isLittle = bytes[0] == 0x49
        func number(at offset: Int, size: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - size else { return nil }
            return (0..<size).reduce(0) { $0 << 8 | Int(bytes[offset + (isLittle ? size - 1 - $1 : $1)]) }
        }
        guard number(at: 2, size: 2) == 42, let directory = number(at: 4, size: 4),
            let entries = number(at: directory, size: 2)
        else {
            return nil
        }
        for entry in 0..<entries {
            let start = directory + 2 + 12 * entry
            guard let tag = number(at: start, size: 2) else { return nil }
            if tag == 0x0112 { return number(at: start + 8, size: number(at: start + 2, size: 2) == 4 ? 4 : 2) }
        }
        return nil
    }

    /// Width and height change places.
    var isSideways: Bool { rawValue >= 5 }

    /// The part of the stored image that a part of the image as seen comes from.
    /// - Parameters:
    ///   - width: of the stored image, as `height`.
    func stored(_ r: PixelRectangle, width: Int, height: Int) -> PixelRectangle {
        let (x, y, w, h) = isSideways ? (r.y, r.x, r.height, r.width) : (r.x, r.y, r.width, r.height)
        let isLeft = [.mirrored, .turned180, .transversed, .turnedLeft].contains(self)
        let isUp = [.turned180, .flipped, .turnedRight, .transversed].contains(self)
        return PixelRectangle(x: isLeft ? width - x - w : x, y: isUp ? height - y - h : y, width: w, height: h)
    }
}

extension Image {
    /// The stored image as it is to be seen.
    func oriented(_ orientation: Orientation) -> Image {
        let (right, down, last) = (3, 3 * width, 3 * width * (height - 1))
        let (origin, x, y) =
            switch orientation {
            case .upright: (0, right, down)
            case .mirrored: (down - right, -right, down)
            case .turned180: (last + down - right, -right, -down)
            case .flipped: (last, right, -down)
            case .transposed: (0, down, right)
            case .turnedRight: (last, -down, right)
            case .transversed: (last + down - right, -down, -right)
            case .turnedLeft: (down - right, down, -right)
            }
        if orientation == .upright { return self }
        let output =
            orientation.isSideways
            ? Image(uninitializedWidth: height, height: width) : Image(uninitializedWidth: width, height: height)
        concord_pixels_rearranged(output.base, output.width, output.height, base + origin, x, y)
        return output
    }

    /// Left and right exchanged.
    public func flippedHorizontally() -> Image { oriented(.mirrored) }
    /// Top and bottom exchanged.
    public func flippedVertically() -> Image { oriented(.flipped) }
}
