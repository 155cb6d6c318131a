#if canImport(Glibc)
    import Glibc
#endif

/// A file written beside its place and moved there when it is whole: a reader sees the old one or the new one, never half of one.
///
/// ```swift
/// var file = try ReplacedFile(path: "run/recipe.yaml")
/// try file.write(bytes)
/// try file.commit()                                                     // without it the old file stays and nothing is left behind
/// ```
package struct ReplacedFile: ~Copyable {
    private let path: String
    private let beside: String
    private var descriptor: Int32

    package init(path: String) throws(InterchangeError) {
        self.path = path
        beside = path + ".partial"
        descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: Self.reason) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(beside)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.write(descriptor, base + done, min(bytes.count - done, 1 << 30))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unwritable(path: path, reason: Self.reason) }
            done += count
        }
    }

    package func write(_ bytes: [UInt8]) throws(InterchangeError) {
        try bytes.withUnsafeBytes { buffer in Result { () throws(InterchangeError) in try write(buffer) } }.get()
    }

    /// Flushes the file to the disk, moves it to its place, and flushes the directory.
    package mutating func commit() throws(InterchangeError) {
        guard fsync(descriptor) == 0 else { throw .unwritable(path: path, reason: Self.reason) }
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0, rename(beside, path) == 0 else {
            let reason = Self.reason
            unlink(beside)
            throw .unwritable(path: path, reason: reason)
        }
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }  // the file is in its place; only its survival of a power cut is not certain
        fsync(folder)
        close(folder)
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
