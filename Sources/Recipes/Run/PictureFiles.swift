#if canImport(Glibc)
    import Glibc
#endif

/// Picture files that a command line names.
public enum PictureFiles {
    /// The files of `paths` in order; a folder stands for the JPEG and PNG files anywhere below it, sorted by path.
    /// - Throws: `RecipeError` for a path that is not there and for a folder without pictures.
    public static func list(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path -> [String] in
            var info = stat()
            guard stat(path, &info) == 0 else { throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno))) }
            guard info.st_mode & S_IFMT == S_IFDIR else { return [path] }
            let found = try below(path).sorted()
            if found.isEmpty { throw RecipeError.unreadable(path: path, reason: "no .jpg, .jpeg or .png file in this folder") }
            return found
        }
    }

    private static func below(_ folder: String) throws -> [String] {
        guard let directory = opendir(folder) else { throw RecipeError.unreadable(path: folder, reason: String(cString: strerror(errno))) }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var info = stat()
            guard stat(path, &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                found += try below(path)
            } else if [".jpg", ".jpeg", ".png"].contains(where: name.lowercased().hasSuffix) {
                found.append(path)
            }
        }
        return found
    }
}
