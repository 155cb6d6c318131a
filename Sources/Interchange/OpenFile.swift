#if canImport(Glibc)
    import Glibc
#endif

/// A file open for reading from several threads at once; closed with its last owner.
final class OpenFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: Int32

    init(path: String) throws(InterchangeError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        self.path = path
        size = isFile ? Int(status.st_size) : 0
        guard isFile else { throw .unreadable(path: path, reason: "it is not a regular file") }
    }

    deinit { close(descriptor) }

    func bytes(_ count: Int, at offset: Int) throws(InterchangeError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in Result { () throws(InterchangeError) in try read(into: buffer, at: offset) } }.get()
        return bytes
    }

    /// Fills `buffer` from `offset` on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(InterchangeError) {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            guard count > 0 else { throw .malformed(path: path, problem: "it became shorter while it was read") }
            done += count
        }
    }
}
