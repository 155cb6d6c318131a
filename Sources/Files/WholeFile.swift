/// Files read and replaced in one go.
package enum WholeFile {
    /// The bytes of a file, a pipe or a device; or, where only files will do, of nothing else: an image that is a pipe
    /// must not hang.
    package static func read(_ path: String, onlyFiles: Bool = false) throws(FileError) -> [UInt8] {
        if onlyFiles {
            let file = try RegularFile(reading: path)
            return try file.bytes(at: 0, count: file.size)
        }
        return withExtendedLifetime(try FileBytes.reading(path)) { Array($0.buffer) }
    }

    /// Puts bytes in place of a file: a reader sees the old ones or the new ones.
    package static func write(_ bytes: [UInt8], to path: String, isDurable: Bool = true) throws(FileError) {
        var file = try ReplacedFile(path: path)
        try file.write(bytes)
        try file.commit(isDurable: isDurable)
    }
}
