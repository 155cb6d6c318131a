#if canImport(Glibc)
    import Glibc
#endif

/// Folders made as files need them.
package enum Folder {
    /// Makes a folder and those above it, where they are not there yet.
    package static func make(_ path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR { return }
            throw FileError(path: path, code: ENOTDIR, reason: "a folder wanted, a file is there")
        }
        let trimmed = path.last == "/" ? String(path.dropLast()) : path
        if let slash = trimmed.lastIndex(of: "/"), slash != trimmed.startIndex { try make(String(trimmed[..<slash])) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError(path: path, code: errno) }
    }
}
