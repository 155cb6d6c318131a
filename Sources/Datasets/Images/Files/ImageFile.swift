import ConcordFiles

/// Bytes of whole image files.
enum ImageFile {
    /// The bytes of a regular file.
    static func read(_ path: String) throws -> [UInt8] {
        do throws(FileError) { return try WholeFile.read(path, onlyFiles: true) } catch {
            throw ImageError.unreadable(path: path, reason: error.reasonWithHint)
        }
    }

    /// Puts bytes in place of a file, whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws {
        do throws(FileError) { try WholeFile.write(bytes, to: path, isDurable: false) } catch {
            throw ImageError.unwritable(path: path, reason: error.reason)
        }
    }
}
