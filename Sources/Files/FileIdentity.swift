#if canImport(Glibc)
    import Glibc
#endif

/// Which file or folder a path leads to, whatever its name: device and inode.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64, inode: UInt64

    init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }

    /// What `path` leads to, links followed; nil where nothing is there.
    package init?(of path: String) {
        var status = stat()
        guard PathEncoding.withCString(path, { stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// The same for a regular file alone; nil for anything else: a device or a pipe is not replaced by writing.
    package init?(ofFile path: String) {
        var status = stat()
        guard PathEncoding.withCString(path, { stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        self.init(status)
    }
}

/// A file as it is now: its identity, size and time of last change.
package struct FileVersion: Hashable, Sendable {
    private let identity: FileIdentity, size: Int, seconds: Int, nanoseconds: Int

    init(_ status: stat) {
        identity = FileIdentity(status)
        (size, seconds, nanoseconds) = (Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
}
