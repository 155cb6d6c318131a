import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

/// The text files that file names, folders and patterns name.
///
/// ```swift
/// let files = try TextFiles(["books", "wiki-*.txt"], root: "data")
/// ```
/// A folder names the `.txt` files anywhere below it, a pattern (`*`, `?`, `[…]`) for the files that match; each
/// file comes once.
public struct TextFiles: Sendable {
    /// The files, each once, in the order of the names that name them.
    public let paths: [String]
    /// Files of the folders whose names do not end in `.txt`.
    public let leftOut: [String]

    /// - Parameter root: the directory that relative names start from.
    /// - Throws: `DatasetError` for a name without a file.
    public init(_ names: [String], root: String) throws(DatasetError) {
        var paths: [String] = [], leftOut: [String] = []
        for name in names {
            let path = name == "." && !root.isEmpty ? root : Paths.join(root, name)
            var status = stat()
            if PathEncoding.withCString(path, { stat($0, &status) }) != 0 {
                let reason = String(cString: strerror(errno)), isPattern = name.contains { "*?[".contains($0) }
                let found = isPattern ? Self.matches(name, root: root) : []
                guard !found.isEmpty else {
                    throw .unreadable(path: path, reason: isPattern ? "no file matches the pattern" : reason)
                }
                paths += found
            } else if status.st_mode & S_IFMT == S_IFDIR {
                let all = try FileWalk.files(under: path).files.map { Paths.join(path, $0) }
                let texts = all.filter { Paths.fileExtension(of: $0) == "txt" }
                guard !texts.isEmpty else { throw .emptyFolder(path: path, wanted: ".txt file") }
                paths += texts
                leftOut += all.filter { Paths.fileExtension(of: $0) != "txt" }
            } else {
                paths.append(path)
            }
        }
        var seen: Set<String> = []
        self.init(paths: paths.filter { seen.insert($0).inserted }, leftOut: leftOut)
    }

    private init(paths: [String], leftOut: [String]) { (self.paths, self.leftOut) = (paths, leftOut) }

    /// Without the files that others name, by whatever path.
    public func excluding(_ others: TextFiles) -> TextFiles {
        let others = Set(others.paths.compactMap { FileIdentity(of: $0) })
        return TextFiles(
            paths: paths.filter { path in FileIdentity(of: path).map { !others.contains($0) } ?? true },
            leftOut: leftOut)
    }

    private static func matches(_ pattern: String, root: String) -> [String] {
        let escaped = pattern.hasPrefix("/") ? "" : root.map { "*?[\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(Paths.join(escaped, pattern), 0, nil, &result) == 0 else { return [] }
        let found = (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { PathEncoding.decoded($0) } }
        return found.filter { path in
            var status = stat()
            return PathEncoding.withCString(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT != S_IFDIR
        }
    }
}
