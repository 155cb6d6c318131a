/// A file name with named parts: `{digit}_{speaker}_{take}.wav`.
struct FilePattern: Sendable {
    let text: String
    let names: [String]
    /// The text before, between and after the parts: one more than there are names.
    private let literals: [[UInt8]]

    init(_ text: String) throws(DatasetError) {
        var names: [String] = [], literals: [[UInt8]] = [[]], rest = Substring(text)
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw .pattern(text, reason: "a brace is not closed, or not opened")
            }
            let name = String(rest[rest.index(after: open)..<close])
            guard !name.isEmpty, !name.contains("{") else {
                throw .pattern(text, reason: "a part needs a name between its braces")
            }
            guard !names.contains(name), name != "filepath" else {
                throw .pattern(text, reason: "part \"\(name)\" is named twice")
            }
            literals[names.count] += Array(rest[..<open].utf8)
            if !names.isEmpty, literals[names.count].isEmpty {
                throw .pattern(
                    text, reason: "\"\(names[names.count - 1])\" and \"\(name)\" need something between them")
            }
            names.append(name)
            literals.append([])
            rest = rest[rest.index(after: close)...]
        }
        literals[names.count] = Array(rest.utf8)
        guard !names.isEmpty else { throw .pattern(text, reason: "it names no part, such as {label}_{number}.jpg") }
        (self.text, self.names, self.literals) = (text, names, literals)
    }

    /// Folders between the root and the file.
    var depth: Int { text.utf8.count { $0 == UInt8(ascii: "/") } }

    /// What every file that can match ends in.
    func hasSuffix(of path: String) -> Bool {
        path.utf8.suffix(literals[names.count].count).elementsEqual(literals[names.count])
    }

    /// The parts of a path, each at least one byte and no longer than it must be, none across a slash; nil where it
    /// does not match.
    func parts(of path: String) -> [String]? {
        let bytes = Array(path.utf8), tail = literals[names.count]
        guard bytes.starts(with: literals[0]), bytes.count >= literals[0].count + tail.count, hasSuffix(of: path) else {
            return nil
        }
        var parts: [String] = [], start = literals[0].count
        let limit = bytes.count - tail.count
        for place in names.indices {
            var end = limit
            if place < names.count - 1 {
                let literal = literals[place + 1]
                end = start + 1
                while end + literal.count <= limit, !bytes[end..<end + literal.count].elementsEqual(literal) {
                    end += 1
                }
                guard end + literal.count <= limit else { return nil }
            }
            guard end > start, !bytes[start..<end].contains(UInt8(ascii: "/")) else { return nil }
            parts.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end + (place < names.count - 1 ? literals[place + 1].count : 0)
        }
        return parts
    }
}
