import ConcordFiles
import Synchronization

/// The files that a table's fields name, seen from its root.
///
/// A field is a path as the system has it. Where there is no such file, what people's tables have instead is tried:
/// white space around the path, and accents in the other Unicode normalization form (macOS writes `é` as two scalars,
/// most others as one). `file://` addresses are read as their paths.
final class FileNames: Sendable {
    private let root: String
    /// The names in a folder that are not ASCII, by any spelling that is canonically equivalent.
    private let folders = Mutex<[String: [String: String]]>([:])

    init(root: String) { self.root = root }

    func path(of field: String) -> String {
        let field = FileAddress.path(of: field) ?? field
        guard !FileAddress.isRemote(field) else { return field }
        let path = Paths.join(root, field)
        guard field.utf8.contains(where: { $0 >= 0x80 }) || field.utf8.first == 0x20 || field.utf8.last == 0x20 else {
            return path
        }
        guard FileIdentity(of: path) == nil else { return path }
        let trimmed = field.trimmingSpace
        if FileIdentity(of: Paths.join(root, trimmed)) != nil { return Paths.join(root, trimmed) }
        return equivalent(trimmed) ?? path
    }

    /// The file of a canonically equivalent name; nil where there is none.
    private func equivalent(_ field: String) -> String? {
        var found = field.hasPrefix("/") ? "/" : root
        for part in field.split(separator: "/") {
            let next = Paths.join(found, String(part))
            if FileIdentity(of: next) != nil {
                found = next
            } else if part.utf8.contains(where: { $0 >= 0x80 }),
                let name = name(String(part), in: found.isEmpty ? "." : found)
            {
                found = Paths.join(found, name)
            } else {
                return nil
            }
        }
        return found
    }

    private func name(_ name: String, in folder: String) -> String? {
        folders.withLock { folders in
            if let names = folders[folder] { return names[name] }
            let entries = (try? Folder.entries(of: folder)) ?? []
            let names = entries.map(\.name).filter { $0.utf8.contains { $0 >= 0x80 } }
            // Strings compare by canonical equivalence, and so do the keys.
            let byAny = Dictionary(names.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
            folders[folder] = byAny
            return byAny[name]
        }
    }
}

extension String {
    /// Without the white space of ASCII at both ends.
    var trimmingSpace: String {
        guard let first = utf8.first, let last = utf8.last, first <= 0x20 || last <= 0x20 else { return self }
        let start = utf8.firstIndex { $0 > 0x20 } ?? utf8.endIndex
        guard start < utf8.endIndex, let end = utf8.lastIndex(where: { $0 > 0x20 }) else { return "" }
        return String(self[start...end])
    }
}
