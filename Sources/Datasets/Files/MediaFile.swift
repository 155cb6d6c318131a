import ConcordFiles

/// Files that may be images or sounds.
package enum MediaFile {
    package enum Judgment: Sendable, Equatable {
        /// Of a kind that is read.
        case read
        /// Meant as such a file, and not read: not there, of another kind, or with an ending that promises what its
        /// contents are not.
        case rejected(reason: String)
        /// Nothing of the kind.
        case other(reason: String)
    }

    /// What a file is by its first bytes.
    package static func judge(_ path: String, as medium: MediaKind.Medium) -> Judgment {
        let isMeant = endings(of: medium).contains(Paths.fileExtension(of: path))
        let head: [UInt8]
        do throws(FileError) { head = try RegularFile(reading: path).bytes(at: 0, count: MediaKind.headLength) } catch {
            // A device or a link to nothing may have any name.
            return .rejected(reason: error.reasonWithHint)
        }
        guard let kind = MediaKind(head) else {
            let reason = "not \(medium == .image ? "an image" : "a sound"): \(described(head))"
            return isMeant ? .rejected(reason: reason) : .other(reason: reason)
        }
        if kind.medium == medium { return kind.isRead ? .read : .rejected(reason: kind.refusal(of: path)) }
        let reason = "it is \(kind.medium == .image ? "an image" : "a sound") (\(kind.name))"
        return isMeant ? .rejected(reason: reason) : .other(reason: reason)
    }

    /// Endings of the names of files that are read, in lower case.
    package static func endings(of medium: MediaKind.Medium) -> Set<String> {
        switch medium {
        case .image: ["jpg", "jpeg", "jpe", "jfif", "png", "webp"]
        case .sound:
            [
                "wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "mp2", "aif", "aiff", "aifc", "au", "snd", "caf",
                "w64", "rf64", "sph",
                "voc", "svx", "iff",
            ]
        }
    }

    /// What a file's first bytes look like, where they are of no known kind.
    package static func described(_ head: [UInt8]) -> String {
        if head.isEmpty { return "the file is empty" }
        if head.allSatisfy({ $0 == 0 }) { return "it holds zeros" }
        let start = String(decoding: head.prefix(512), as: UTF8.self).drop(while: \.isWhitespace).prefix(15)
            .lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
            return "it is an HTML page, perhaps a failed download"
        }
        if start.hasPrefix("version https:/") { return "it is a Git LFS pointer; fetch the file with: git lfs pull" }
        if start.hasPrefix("%pdf-") { return "it is a PDF document" }
        if head.starts(with: [0x50, 0x4B, 3, 4]) { return "it is a ZIP archive" }
        return "it begins with the bytes "
            + head.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
    }
}

/// A file or sample that is left out, and why.
public struct Rejected: Sendable, Equatable {
    /// A file's path, or a sample's name.
    public let name: String
    /// In one line, without the name, with how to fix it where that is known.
    public let reason: String

    /// - Parameters:
    ///   - name: a file's path, or a sample's name.
    ///   - reason: one line, without the name.
    public init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
}
