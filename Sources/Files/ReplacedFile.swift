#if canImport(Glibc)
    import Glibc
#endif

/// A file written beside its place and moved there when it is whole: a reader sees the old one or the new one, never
/// half of one.
///
/// ```swift
/// var file = try ReplacedFile(path: "run/recipe.yaml")
/// try file.write(bytes)
/// try file.commit()                             // without it the old file stays and nothing is left behind
/// ```
/// What is at the path and is no file (`/dev/stdout`, a pipe) is written to and stays.
package struct ReplacedFile: ~Copyable {
    private let path: String
    /// Nil for what is no file.
    private let beside: String?
    private var descriptor: Int32

    package init(path: String) throws(FileError) {
        let (beside, descriptor) = try Self.opened(path)
        (self.path, self.beside, self.descriptor) = (path, beside, descriptor)
    }

    /// Where the new contents of `path` are written before they replace it.
    static func temporaryPath(of path: String) -> String { path + ".partial" }

    private static func opened(_ path: String) throws(FileError) -> (beside: String?, descriptor: Int32) {
        var status = stat()
        let kind = PathEncoding.withCString(path, { stat($0, &status) }) == 0 ? status.st_mode & S_IFMT : S_IFREG
        guard kind != S_IFDIR else { throw FileError(path: path, code: EISDIR) }
        let beside = kind == S_IFREG ? temporaryPath(of: path) : nil
        let descriptor = PathEncoding.withCString(beside ?? path) {
            open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        return (beside, descriptor)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if let beside { PathEncoding.remove(beside) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.write(descriptor, base + done, min(bytes.count - done, 1 << 30))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(path: path, code: errno) }
            done += count
        }
    }

    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBytes { buffer in Result { () throws(FileError) in try write(buffer) } }.get()
    }

    /// Flushes the file to the disk, moves it to its place, and flushes the directory.
    /// - Parameter isDurable: whether to wait for the disk; without it a power cut may lose the file, which is well for
    ///   what can be made again.
    package mutating func commit(isDurable: Bool = true) throws(FileError) {
        guard !isDurable || beside == nil || fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0, beside.map({ PathEncoding.rename($0, to: path) }) ?? true else {
            let error = FileError(path: path, code: errno)
            if let beside { PathEncoding.remove(beside) }
            throw error
        }
        guard isDurable, beside != nil else { return }
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let folder = PathEncoding.withCString(directory) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard folder >= 0 else { return }  // the file is in its place; only its survival of a power cut is not certain
        fsync(folder)
        close(folder)
    }
}
