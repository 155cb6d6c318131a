#if canImport(Glibc)
    import Glibc
#endif

/// Picture or sound files that a command line names.
public enum MediaFiles {
    /// Endings of a modality's files, in lower case.
    static func extensions(of modality: Modality) -> [String] {
        switch modality {
        case .image: ["jpg", "jpeg", "png"]
        case .audio: ["wav", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif"]
        case .text: ["txt"]
        }
    }

    /// The files of `paths` in order; a folder stands for the files of this modality anywhere below it, sorted by path.
    /// - Throws: `RecipeError` for a path that is not there and for a folder without such a file.
    public static func list(_ paths: [String], _ modality: Modality) throws -> [String] {
        let endings = extensions(of: modality).map { "." + $0 }
        return try paths.flatMap { path -> [String] in
            var info = stat()
            guard stat(path, &info) == 0 else { throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno))) }
            guard info.st_mode & S_IFMT == S_IFDIR else { return [path] }
            let found = try below(path, endings).sorted()
            if found.isEmpty {
                throw RecipeError.unreadable(path: path, reason: "no \(endings.joined(separator: ", ")) file in this folder")
            }
            return found
        }
    }

    private static func below(_ folder: String, _ endings: [String]) throws -> [String] {
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
                found += try below(path, endings)
            } else if endings.contains(where: name.lowercased().hasSuffix) {
                found.append(path)
            }
        }
        return found
    }
}
