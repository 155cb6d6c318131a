#if canImport(Glibc)
    import Glibc
#endif

/// Small text files, whole.
enum TextFile {
    /// The file's text, or nil where there is none of that name.
    static func read(_ path: String) throws -> String? {
        guard let file = fopen(path, "r") else {
            if errno == ENOENT { return nil }
            throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard ferror(file) == 0 else { throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno))) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes beside, flushes, renames: a reader sees the old text or the new one.
    static func write(_ text: String, to path: String) throws {
        let beside = path + ".partial"
        func fail() -> RecipeError {
            let error = RecipeError.unreadable(path: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
            unlink(beside)
            return error
        }
        guard let file = fopen(beside, "w") else { throw fail() }
        let isWritten = Array(text.utf8).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        let isFlushed = fflush(file) == 0 && fsync(fileno(file)) == 0
        guard fclose(file) == 0, isWritten, isFlushed, rename(beside, path) == 0 else { throw fail() }
    }
}
