#if canImport(Glibc)
    import Glibc
#endif

/// Folders' contents in the order of their names' bytes, hidden entries (`.name`) left out.
package enum FileWalk {
    /// Names of the files and of the folders directly in `directory`; links count as what they point to.
    /// - Throws: `DatasetError.unreadable`.
    package static func entries(of directory: String) throws(DatasetError) -> (files: [String], folders: [String]) {
        guard let stream = opendir(directory) else {
            throw .unreadable(path: directory, reason: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        var files: [String] = [], folders: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            switch Int(entry.pointee.d_type) {
            case DT_REG: files.append(name)
            case DT_DIR: folders.append(name)
            default:
                var status = stat()
                // A link to nothing counts as a file: whoever opens it says what is wrong.
                let isFolder = stat(Paths.join(directory, name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
                if isFolder { folders.append(name) } else { files.append(name) }
            }
        }
        return (sorted(files), sorted(folders))
    }

    /// Paths relative to `directory` of all files in it, a folder's own files before those of its folders.
    package static func files(under directory: String, depth: Int = 32) throws(DatasetError) -> [String] {
        let (files, folders) = try entries(of: directory)
        var result = files
        guard depth > 0 else { return result }  // a link to a folder above it
        for folder in folders {
            for file in try Self.files(under: Paths.join(directory, folder), depth: depth - 1) { result.append(folder + "/" + file) }
        }
        return result
    }

    static func sorted(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}
