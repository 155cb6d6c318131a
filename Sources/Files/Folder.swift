#if canImport(Glibc)
    import Glibc
#endif

/// Folders: what is in them, and making them as files need them.
package enum Folder {
    /// Something directly in a folder.
    package struct Entry: Sendable {
        package enum Kind: Sendable {
            case file, folder
            /// A pipe, a socket or a device.
            case special
            /// A link whose target is not there, or cannot be reached.
            case danglingLink
        }

        package let name: String
        package let kind: Kind
        /// Whether the entry is a link; `kind` and `identity` are its target's.
        package let isLink: Bool
        /// Nil for a dangling link.
        package let identity: FileIdentity?
    }

    /// What is in a folder, in the order of the names' bytes, hidden entries (`.name`) left out.
    package static func entries(of path: String) throws(FileError) -> [Entry] {
        guard let stream = PathEncoding.withCString(path, { opendir($0) }) else {
            throw FileError(path: path, code: errno)
        }
        defer { closedir(stream) }
        let descriptor = dirfd(stream)
        var entries: [Entry] = []
        errno = 0
        while let entry = readdir(stream) {
            withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) { name in
                    if name[0] != CChar(bitPattern: UInt8(ascii: ".")) {
                        entries.append(Self.entry(name, in: descriptor))
                    }
                }
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError(path: path, code: errno) }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Whether a path leads to a folder.
    package static func isThere(_ path: String) -> Bool {
        var status = stat()
        return PathEncoding.withCString(path, { stat($0, &status) }) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path itself is a link, whatever it leads to.
    package static func isLink(_ path: String) -> Bool {
        var status = stat()
        return PathEncoding.withCString(path, { lstat($0, &status) }) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func entry(_ name: UnsafePointer<CChar>, in descriptor: Int32) -> Entry {
        let text = PathEncoding.decoded(name)
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            // gone since, or unreadable: whoever opens it says why
            return Entry(name: text, kind: .file, isLink: false, identity: nil)
        }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        if isLink, fstatat(descriptor, name, &status, 0) != 0 {
            return Entry(name: text, kind: .danglingLink, isLink: true, identity: nil)
        }
        let kind: Entry.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            default: .special
            }
        return Entry(name: text, kind: kind, isLink: isLink, identity: FileIdentity(status))
    }

    /// Makes a folder and those above it, where they are not there yet.
    package static func make(_ path: String) throws(FileError) {
        var status = stat()
        if PathEncoding.withCString(path, { stat($0, &status) }) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR { return }
            throw FileError(path: path, code: ENOTDIR, reason: "a folder wanted, a file is there")
        }
        let trimmed = path.last == "/" ? String(path.dropLast()) : path
        if let slash = trimmed.lastIndex(of: "/"), slash != trimmed.startIndex { try make(String(trimmed[..<slash])) }
        guard PathEncoding.withCString(path, { mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
            throw FileError(path: path, code: errno)
        }
    }
}
