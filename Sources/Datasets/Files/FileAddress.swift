import ConcordFiles

/// Addresses in place of paths.
package enum FileAddress {
    /// The path of a `file://` address; nil for all else.
    package static func path(of address: String) -> String? {
        guard address.lowercased().hasPrefix("file:/") else { return nil }
        var rest = address.utf8.dropFirst(5)
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            if rest.starts(with: "localhost/".utf8) { rest = rest.dropFirst(9) }
        }
        guard rest.first == UInt8(ascii: "/") else { return nil }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16),
                value > 0
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes.withUnsafeBufferPointer { PathEncoding.decoded($0) }
    }

    /// Whether this is an address of something that is not on this machine: `https://…`, `s3://…`.
    package static func isRemote(_ path: String) -> Bool {
        guard path.utf8.contains(UInt8(ascii: ":")), let scheme = path.firstRange(of: "://")?.lowerBound else {
            return false
        }
        return path[..<scheme].utf8.allSatisfy { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 }
            && scheme > path.startIndex
    }

    /// What may be wrong with a path where no file is; nil where nothing can be said.
    package static func hint(_ path: String) -> String? {
        if isRemote(path) { return "it is a web address, and only files are read: download it first and name the file" }
        let name = Paths.name(of: path)
        let parts = name.split(separator: "\\", omittingEmptySubsequences: false)
        let isDrive = { (part: Substring) in part.utf8.count == 2 && part.utf8.last == UInt8(ascii: ":") }
        if path.split(separator: "/").dropLast().contains(where: isDrive)
            || parts.dropLast().first.map(isDrive) ?? false
        {
            return
                """
                    it is a Windows path with a drive letter; write where the file is on this machine, relative to the \
                    table
                    """
        }
        if parts.count > 1 {
            let slashed = parts.joined(separator: "/")
            return "it is a Windows path with backslashes; write \(slashed)"
        }
        let ending = Paths.fileExtension(of: name), stem = Paths.stem(of: name), folder = path.dropLast(name.count)
        let variants = [stem + "." + ending, stem + "." + ending.uppercased(), name.lowercased(), name.uppercased()]
        let other = variants.first { $0 != name && !ending.isEmpty && FileIdentity(of: folder + $0) != nil }
        return other.map { "the folder has \($0), in other letters" }
    }
}

extension FileError {
    /// The reason; for a file that is not there with what may be wrong with its path.
    var reasonWithHint: String {
        guard isMissing else { return reason }
        if Folder.isLink(path) { return reason + " (a link to nothing)" }
        return FileAddress.hint(path).map { "\(reason): \($0)" } ?? "\(reason); check the path"
    }
}
