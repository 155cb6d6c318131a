#if canImport(Glibc)
    import Glibc
#endif

/// Whether two paths are one file, whatever they are called.
package enum SameFile {
    /// By device and inode, for files alone: `/dev/stdin` may well be what `/dev/stdout` is.
    package static func isSame(_ one: String, _ other: String) -> Bool {
        var a = stat(), b = stat()
        guard stat(one, &a) == 0, stat(other, &b) == 0, a.st_mode & S_IFMT == S_IFREG else { return false }
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
}
