#if canImport(Glibc)
    import Glibc
#endif

/// An open file that is neither a directory nor a device nor a pipe; closed with the value.
package struct RegularFile: ~Copyable {
    package let path: String
    package let descriptor: Int32
    /// In bytes.
    package let size: Int
    /// Equal as long as it is the same file with the same contents.
    package let version: FileVersion

    package init(reading path: String) throws(FileError) {
        // Opening a pipe would wait for somebody to write into it.
        let descriptor = PathEncoding.withCString(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        var status = stat(), error: FileError?
        if fstat(descriptor, &status) != 0 {
            error = FileError(path: path, code: errno)
        } else if status.st_mode & S_IFMT == S_IFDIR {
            error = FileError(path: path, code: EISDIR)
        } else if status.st_mode & S_IFMT != S_IFREG {
            error = FileError(path: path, code: EINVAL, reason: "it is not a regular file")
        }
        if let error {
            close(descriptor)
            throw error
        }
        (self.path, self.descriptor, size) = (path, descriptor, Int(status.st_size))
        version = FileVersion(status)
    }

    deinit { close(descriptor) }

    /// At most `count` bytes from `offset` on, fewer at the file's end; the place where reading goes on is left alone.
    package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        try MemoryLimit.requireRoom(for: count, of: path)
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
            do throws(FileError) { filled = try read(into: room, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` from `offset` on, from several threads at once if need be.
    /// - Returns: how many bytes there were; fewer than requested at the file's end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let got = pread(descriptor, base + filled, buffer.count - filled, off_t(offset + filled))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileError(path: path, code: errno) }
            if got == 0 { break }
            filled += got
        }
        return filled
    }
}
