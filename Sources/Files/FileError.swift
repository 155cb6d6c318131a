#if canImport(Glibc)
    import Glibc
#endif

/// What the system refused to do with a file; each module reports it in its own words.
package struct FileError: Error, Equatable {
    package let path: String
    /// As `errno`.
    package let code: Int32
    /// In the system's words, or in ours where it has none.
    package let reason: String

    package init(path: String, code: Int32, reason: String? = nil) {
        self.path = path
        self.code = code
        self.reason = reason ?? String(cString: strerror(code))
    }

    /// A folder is there, where a file was wanted.
    package var isFolder: Bool { code == EISDIR }

    /// Nothing of that name is there.
    package var isMissing: Bool { code == ENOENT }
}

extension FileError: CustomStringConvertible {
    package var description: String { "\(path): \(reason)" }
}
