#if canImport(Glibc)
    import Glibc
#endif

/// Files read and replaced in one go.
package enum WholeFile {
    /// The bytes of a file, a pipe or a device; or, where only files will do, of nothing else: an image that is a pipe
    /// must not hang.
    package static func read(_ path: String, onlyFiles: Bool = false) throws(FileError) -> [UInt8] {
        if onlyFiles {
            let file = try RegularFile(reading: path)
            return try file.bytes(at: 0, count: file.size)
        }
        let descriptor = PathEncoding.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileError(path: path, code: EISDIR) }
        try MemoryLimit.requireRoom(for: Int(status.st_size), of: path)
        // One byte more than the file says it has: reading then sees the end. Some (in /proc) say 0 and have more.
        var bytes: [UInt8] = [], room = max(Int(status.st_size), 4095) + 1
        while true {
            let piece = try piece(of: descriptor, upTo: room, path)
            bytes = bytes.isEmpty ? piece : bytes + piece
            if piece.count < room { return bytes }
            try MemoryLimit.requireRoom(for: 3 * bytes.count, of: path)
            room = bytes.count
        }
    }

    private static func piece(of descriptor: Int32, upTo room: Int, _ path: String) throws(FileError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            while count < room, let base = buffer.baseAddress {
                let got = Glibc.read(descriptor, base + count, room - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                count += got
            }
        }
        guard failure == 0 else { throw FileError(path: path, code: failure) }
        return bytes
    }

    /// Puts bytes in place of a file: a reader sees the old ones or the new ones.
    package static func write(_ bytes: [UInt8], to path: String, isDurable: Bool = true) throws(FileError) {
        var file = try ReplacedFile(path: path)
        try file.write(bytes)
        try file.commit(isDurable: isDurable)
    }
}
