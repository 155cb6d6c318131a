/// The kinds of image files that can be read, told by their first bytes, never by their names.
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
