import ConcordFiles

/// The files of folders and of the folders below them; every directory walk of the program.
///
/// Each folder and each file counts once, whatever links or names lead to it: a link to a folder above it adds nothing,
/// and of two names of one file the one that is no link is taken. Links that lead elsewhere are followed. The order is
/// a function of the names: a folder's own files before those of its folders, both in the order of their names' bytes.
/// Hidden entries (`.name`) are left out.
package struct FileWalk {
    /// What is below a folder.
    package struct Found: Sendable {
        /// Relative to the folder.
        package fileprivate(set) var files: [String] = []
        /// Further names of files and folders found before.
        package fileprivate(set) var repeated: [String] = []
        /// Folders that cannot be read.
        package fileprivate(set) var rejected: [Rejected] = []
    }

    private var folders: Set<FileIdentity> = [], files: Set<FileIdentity> = []

    package init() {}

    /// Names of the folders directly in `directory`, links to folders among them.
    /// - Throws: `DatasetError.unreadable`.
    package static func folders(in directory: String) throws(DatasetError) -> [String] {
        try entries(of: directory).filter { $0.kind == .folder }.map(\.name)
    }

    /// All files below a folder.
    /// - Throws: `DatasetError.unreadable`.
    package static func files(under directory: String, depth: Int = .max) throws(DatasetError) -> Found {
        var walk = FileWalk()
        return try walk.files(under: directory, depth: depth)
    }

    /// Takes note of a file that was found otherwise.
    package mutating func insert(file path: String) {
        if let identity = FileIdentity(of: path) { files.insert(identity) }
    }

    /// The files below a folder that this walk has not found yet.
    /// - Parameter depth: folders between `directory` and a file at most.
    /// - Throws: `DatasetError.unreadable` for the folder itself.
    package mutating func files(under directory: String, depth: Int = .max) throws(DatasetError) -> Found {
        let entries = try Self.entries(of: directory)
        guard let identity = FileIdentity(of: directory), folders.insert(identity).inserted else { return Found() }
        let top = Node(path: directory, name: "", depth: depth)
        var found = Found(), links: [(node: Node, entry: Folder.Entry)] = []
        visit(entries, top, &found, &links)
        // What is reached through links comes after all that is reached directly, so that the direct name is the one
        // taken.
        let above = Self.folders(above: directory)
        var place = 0
        while place < links.count {
            let (node, entry) = links[place]
            place += 1
            guard let identity = entry.identity else { continue }
            let isNew =
                entry.kind == .folder
                ? !above.contains(identity) && !folders.contains(identity) : files.insert(identity).inserted
            if !isNew {
                found.repeated.append(node.path(of: entry.name))
            } else if entry.kind == .folder {
                visitFolder(entry, in: node, &found, &links)
            } else {
                node.files.append(entry.name)
            }
        }
        top.collect(into: &found.files)
        return found
    }

    private mutating func visit(
        _ entries: [Folder.Entry], _ node: Node, _ found: inout Found,
        _ links: inout [(node: Node, entry: Folder.Entry)]
    ) {
        for entry in entries where entry.kind != .folder {
            if entry.isLink, entry.kind != .danglingLink {
                links.append((node, entry))
            } else if entry.identity.map({ files.insert($0).inserted }) ?? true {
                node.files.append(entry.name)
            } else {
                found.repeated.append(node.path(of: entry.name))
            }
        }
        guard node.depth > 0 else { return }
        for entry in entries where entry.kind == .folder {
            if entry.isLink { links.append((node, entry)) } else { visitFolder(entry, in: node, &found, &links) }
        }
    }

    private mutating func visitFolder(
        _ entry: Folder.Entry, in node: Node, _ found: inout Found, _ links: inout [(node: Node, entry: Folder.Entry)]
    ) {
        guard let identity = entry.identity, folders.insert(identity).inserted else { return }
        let child = Node(path: Paths.join(node.path, entry.name), name: entry.name, depth: node.depth - 1)
        do throws(FileError) {
            let entries = try Folder.entries(of: child.path)
            node.folders.append(child)
            visit(entries, child, &found, &links)
        } catch { found.rejected.append(Rejected(name: child.path, reason: error.reason)) }
    }

    private static func entries(of directory: String) throws(DatasetError) -> [Folder.Entry] {
        do throws(FileError) { return try Folder.entries(of: directory) } catch {
            throw .unreadable(path: directory, reason: error.reason)
        }
    }

    /// The folders that a folder is in, up to the root.
    private static func folders(above directory: String) -> Set<FileIdentity> {
        var above: Set<FileIdentity> = [], path = Paths.join(directory, "..")
        while let identity = FileIdentity(of: path), above.insert(identity).inserted { path += "/.." }
        return above
    }

    static func sorted(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

/// A folder of a walk.
private final class Node {
    let path: String, name: String
    /// Folders that may follow.
    let depth: Int
    var files: [String] = [], folders: [Node] = []

    init(path: String, name: String, depth: Int) { (self.path, self.name, self.depth) = (path, name, depth) }

    func path(of entry: String) -> String { Paths.join(path, entry) }

    func collect(under prefix: String = "", into result: inout [String]) {
        for file in FileWalk.sorted(files) { result.append(prefix + file) }
        for folder in folders.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            folder.collect(under: prefix + folder.name + "/", into: &result)
        }
    }
}
