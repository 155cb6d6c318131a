import ConcordFiles

/// Small text files, whole.
enum TextFile {
    /// The file's text without a byte-order mark, or nil where there is none of that name.
    /// - Throws: `RecipeError` where it cannot be read or is not UTF-8.
    static func read(_ path: String) throws -> String? {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try WholeFile.read(path) } catch {
            if error.isMissing { return nil }
            throw RecipeError.unreadable(path: path, reason: error.reason)
        }
        if let foreign = bytes.withUnsafeBufferPointer({ ForeignText($0, path: path) }) {
            throw RecipeError.unreadable(path: path, reason: foreign.description)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RecipeError.unreadable(
                path: path, reason: "a few of its bytes are not UTF-8; replace them by what was meant")
        }
        return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// Puts a text in place of a file: a reader sees the old text or the new one.
    static func write(_ text: String, to path: String) throws {
        do throws(FileError) { try WholeFile.write(Array(text.utf8), to: path) } catch {
            throw RecipeError.unreadable(path: path, reason: "cannot be written: \(error.reason)")
        }
    }
}
