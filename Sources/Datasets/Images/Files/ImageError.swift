/// Why an image could not be read or written: one line with the file, the reason and how to fix it.
public enum ImageError: Error, Equatable, CustomStringConvertible {
    /// The file system's refusal.
    case unreadable(path: String, reason: String)
    /// The file is empty, or its first bytes are of no known kind.
    case notAnImage(path: String, found: String)
    /// The decoder's own words on a file that is cut short or corrupt.
    case damaged(path: String, reason: String)
    /// A kind of image that is not decoded here.
    case unsupported(path: String, reason: String)
    /// More pixels than allowed, counted after scaled decoding.
    case tooLarge(path: String, width: Int, height: Int, limit: Int)
    /// The file cannot be written.
    case unwritable(path: String, reason: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): MediaFault.unreadable(path, reason)
        case .notAnImage(let path, let found): "\(path): not an image: \(found); JPEG, PNG and WebP are read"
        case .damaged(let path, let reason): MediaFault.damaged(path, reason)
        case .unsupported(let path, let reason): MediaFault.unsupported(path, reason)
        case .tooLarge(let path, let width, let height, let limit):
            """
            \(path): an image of \(width)x\(height) pixels, where \(limit) pixels are decoded at most; make a \
            smaller copy of it or leave it out
            """
        case .unwritable(let path, let reason): MediaFault.unwritable(path, reason)
        }
    }
}
