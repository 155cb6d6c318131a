import CBridges
import CKernels
import ConcordTensors

/// One pass over a PNG file in memory; made for one decoding and thrown away.
final class PNGReader {
    private let handle: OpaquePointer
    private let path: String
    private let header: concord_png_header

    /// - Parameter bytes: the file; must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
        guard let handle = concord_png_open(bytes.baseAddress, bytes.count) else {
            throw ImageError.unreadable(path: path, reason: "out of memory")
        }
        var header = concord_png_header()
        guard concord_png_read_header(handle, &header) else {
            defer { concord_png_close(handle) }
            throw ImageError.damaged(path: path, reason: String(cString: concord_png_message(handle)))
        }
        (self.handle, self.path, self.header) = (handle, path, header)
    }

    deinit { concord_png_close(handle) }

    /// Size as stored.
    var width: Int { Int(header.width) }
    var height: Int { Int(header.height) }
    var orientation: Orientation { Orientation(tiff: UnsafeBufferPointer(start: header.exif, count: header.exif_size)) }

    /// - Parameter background: what shines through where the image is transparent.
    func decode(over background: Image.Color) throws -> Image {
        let image = Image(uninitializedWidth: width, height: height)
        guard header.channels == 4 else {
            try read(into: image.base, stride: 3 * width)
            return image
        }
        let layers = Tensor(uninitialized: [height, width, 4], .uint8)
        try read(into: layers.uint8Pointer, stride: 4 * width)
        concord_pixels_composited(
            image.base, layers.uint8Pointer, width * height, [background.red, background.green, background.blue])
        return image
    }

    private func read(into rows: UnsafeMutablePointer<UInt8>, stride: Int) throws {
        guard concord_png_read(handle, rows, stride) else {
            throw ImageError.damaged(path: path, reason: String(cString: concord_png_message(handle)))
        }
    }
}
