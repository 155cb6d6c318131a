#if canImport(Glibc)
    import Glibc
#endif

/// The device and inode of a regular file: equal for every path, symbolic link and hard link that leads to it.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64, inode: UInt64

    /// Nil if nothing is at the path, or if it is not a regular file: a device or a pipe is not replaced by writing.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}

/// Checks that a file to write does not destroy a file that is read.
package enum OutputPath {
    /// Refuses an output that is one of the inputs, by whatever path or link each of them is named.
    ///
    /// The file beside the output that `ReplacedFile` writes first is checked too.
    /// - Throws: `FileError` for `output`, with the input's path in its reason.
    package static func requireDistinct(_ output: String, from inputs: [String]) throws(FileError) {
        let written = Set([output, ReplacedFile.temporaryPath(of: output)].compactMap { FileIdentity(of: $0) })
        guard !written.isEmpty else { return }
        for input in inputs {
            guard let identity = FileIdentity(of: input), written.contains(identity) else { continue }
            let name = input == output ? "it is one of the input files" : "it is the same file as the input \(input)"
            throw FileError(path: output, code: EEXIST, reason: "\(name), which writing would destroy; choose another path")
        }
    }
}
