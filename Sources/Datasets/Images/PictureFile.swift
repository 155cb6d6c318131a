#if canImport(Glibc)
    import Glibc
#endif

/// Bytes of whole files.
enum PictureFile {
    /// The bytes of a regular file.
    static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw ImageError.unreadable(path: path, reason: lastError()) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw ImageError.unreadable(path: path, reason: lastError()) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else {
            throw ImageError.unreadable(path: path, reason: kind == S_IFDIR ? "it is a directory" : "it is not a regular file")
        }
        let size = Int(status.st_size)
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let base = buffer.baseAddress {
                let got = Glibc.read(file, base + count, size - count)
                if got < 0 && errno == EINTR { continue }
                guard got >= 0 else { throw ImageError.unreadable(path: path, reason: lastError()) }
                if got == 0 { break }
                count += got
            }
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw ImageError.unwritable(path: path, reason: lastError()) }
        var written = 0
        while written < bytes.count {
            let put = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else {
                let reason = lastError()
                close(file)
                throw ImageError.unwritable(path: path, reason: reason)
            }
            written += put
        }
        guard close(file) == 0 else { throw ImageError.unwritable(path: path, reason: lastError()) }
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }
}
