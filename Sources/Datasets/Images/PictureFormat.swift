/// The kinds of files that can be read, told by their first bytes, never by their names.
enum PictureFormat {
    case jpeg, png

    init(_ bytes: [UInt8], path: String) throws {
        func starts(_ signature: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: signature) }
        if starts([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.isEmpty {
            throw ImageError.notAPicture(path: path, found: "the file is empty")
        } else if let other = Self.others.first(where: { starts(Array($0.signature.utf8), at: $0.offset) }) {
            throw ImageError.unsupported(path: path, reason: "\(other.name) pictures are not read")
        } else {
            let head = bytes.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
            throw ImageError.notAPicture(path: path, found: "it begins with the bytes \(head)")
        }
    }

    private static let others: [(name: String, signature: String, offset: Int)] = [
        ("GIF", "GIF8", 0), ("WebP", "WEBP", 8), ("BMP", "BM", 0), ("TIFF", "II*\0", 0), ("TIFF", "MM\0*", 0), ("HEIF or AVIF", "ftyp", 4),
    ]
}
