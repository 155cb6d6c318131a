import CBridges
#if canImport(Glibc)
    import Glibc
#endif

extension Image {
    /// The image as a JPEG file (4:2:0, optimal Huffman tables).
    /// - Parameter quality: libjpeg's, 1 to 100.
    /// - Throws: `ImageError.unwritable` for sides above 65500, JPEG's limit.
    public func jpegData(quality: Int = 90) throws -> [UInt8] { try encoded(quality: quality, path: "JPEG") }

    /// Writes the image as a JPEG file.
    public func write(jpeg path: String, quality: Int = 90) throws {
        try ImageFile.write(encoded(quality: quality, path: path), to: path)
    }

    private func encoded(quality: Int, path: String) throws -> [UInt8] {
        var out: UnsafeMutablePointer<UInt8>?, size = 0
        var message = [CChar](repeating: 0, count: 200)
        guard
            concord_jpeg_write(
                base, Int32(clamping: width), Int32(clamping: height), Int32(clamping: quality), &out, &size, &message)
        else {
            throw ImageError.unwritable(
                path: path, reason: message.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
            )
        }
        defer { free(out) }
        return Array(UnsafeBufferPointer(start: out, count: size))
    }
}
