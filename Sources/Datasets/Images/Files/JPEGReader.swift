import CBridges
import CKernels
import ConcordTensors

/// One pass over a JPEG file in memory; made for one decoding and thrown away.
final class JPEGReader {
    private let handle: OpaquePointer
    private let bytes: UnsafeBufferPointer<UInt8>
    private let path: String
    private let header: concord_jpeg_header

    /// Progressive files of real images have about 10 scans.
    private static let scanLimit: Int32 = 500

    /// - Parameter bytes: the file; must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
        guard let handle = concord_jpeg_open(bytes.baseAddress, bytes.count, Self.scanLimit) else {
            throw ImageError.unreadable(path: path, reason: "out of memory")
        }
        var header = concord_jpeg_header()
        guard concord_jpeg_read_header(handle, &header) else {
            defer { concord_jpeg_close(handle) }
            throw ImageError.damaged(path: path, reason: String(cString: concord_jpeg_message(handle)))
        }
        (self.handle, self.bytes, self.path, self.header) = (handle, bytes, path, header)
        guard [1, 3, 4].contains(header.components) else {
            throw ImageError.unsupported(
                path: path, reason: "a JPEG of \(header.components) color components is not read; save it as RGB")
        }
    }

    deinit { concord_jpeg_close(handle) }

    /// Size as stored.
    var width: Int { Int(header.width) }
    var height: Int { Int(header.height) }
    /// Every coefficient of the image is held in memory while it is decoded.
    var isProgressive: Bool { header.has_several_scans }
    var orientation: Orientation { Orientation(tiff: UnsafeBufferPointer(start: header.exif, count: header.exif_size)) }

    /// The whole image, and the file read to its end.
    func decode(denominator: Int) throws -> Image {
        let size = try start(denominator)
        let image = try read(width: size.width, rows: size.height)
        try check(concord_jpeg_finish(handle))
        return image
    }

    /// A part of the image, in its scaled coordinates: the rows needed, in columns that hold the ones wanted.
    /// - Returns: the image, and the column that its first one is.
    func decode(columns: Range<Int>, rows: Range<Int>, denominator: Int) throws -> (Image, x: Int) {
        try checkEnd()
        let size = try start(denominator)
        // Color at the edge of a narrowed row lacks its outer neighbor: a few columns more keep every wanted one
        // exact.
        let margin = 8
        let first = max(0, columns.lowerBound - margin)
        var x = Int32(first), width = Int32(min(size.width, columns.upperBound + margin) - first)
        try check(concord_jpeg_narrow(handle, &x, &width, Int32(rows.lowerBound)))
        return (try read(width: Int(width), rows: rows.count), Int(x))
    }

    private func start(_ denominator: Int) throws -> (width: Int, height: Int) {
        var width: Int32 = 0, height: Int32 = 0
        try check(concord_jpeg_start(handle, Int32(denominator), &width, &height))
        return (Int(width), Int(height))
    }

    private func read(width: Int, rows: Int) throws -> Image {
        let image = Image(uninitializedWidth: width, height: rows)
        guard header.components == 4 else {
            try check(concord_jpeg_read(handle, image.base, 3 * width, Int32(rows)))
            return image
        }
        let inks = Tensor(uninitialized: [rows, width, 4], .uint8)
        try check(concord_jpeg_read(handle, inks.uint8Pointer, 4 * width, Int32(rows)))
        concord_pixels_from_cmyk(image.base, inks.uint8Pointer, width * rows, header.is_inverted ? 255 : 0)
        return image
    }

    /// Reading part of a file would miss that its end is gone: the end marker must follow the coded data.
    private func checkEnd() throws {
        var i = bytes.count - 2
        while i >= header.data_offset {
            if bytes[i] == 0xFF && bytes[i + 1] == 0xD9 { return }
            i -= 1
        }
        throw ImageError.damaged(path: path, reason: "the file ends too early")
    }

    private func check(_ isDone: Bool) throws {
        if !isDone { throw ImageError.damaged(path: path, reason: String(cString: concord_jpeg_message(handle))) }
    }
}
