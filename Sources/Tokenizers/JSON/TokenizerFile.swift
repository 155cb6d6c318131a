import ConcordFiles

/// The bytes of a tokenizer's file, and its lines.
struct TokenizerFile {
    let path: String
    let bytes: [UInt8]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    init(path: String) throws {
        do throws(FileError) { self.init(path: path, bytes: try WholeFile.read(path)) } catch {
            throw TokenizerError.unreadable(path: path, reason: error.reason)
        }
    }

    /// The lines as text without their ends (LF or CR LF); a byte-order mark is skipped.
    /// - Throws: where a line is not UTF-8, or there is none.
    func lines() throws -> [String] {
        var lines: [String] = []
        var rest = bytes.withoutByteOrderMark
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 10) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            if line.last == 13 { line.removeLast() }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw malformed(line: lines.count + 1, "not UTF-8; replace the bytes that are not, by what was meant")
            }
            lines.append(text)
            rest = rest[end...].dropFirst()
        }
        guard !lines.isEmpty else { throw malformed("the file is empty") }
        return lines
    }

    /// Whether the contents are an object, from the first brace to the last: a vocabulary may well have a line `{`.
    var isJSON: Bool {
        let isBlank = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        let text = bytes.withoutByteOrderMark
        let first = text.first { !isBlank($0) }, last = text.last { !isBlank($0) }
        guard first == UInt8(ascii: "{") else { return false }
        let second = text.drop { isBlank($0) }.dropFirst().first { !isBlank($0) }
        return last == UInt8(ascii: "}") || second == UInt8(ascii: "\"")
    }

    /// What the contents are where they are of a kind that is not read; nil for all others.
    var foreign: TokenizerError? {
        if bytes.isEmpty { return malformed("the file is empty") }
        let start = bytes.prefix(512)
        if bytes.first == 0x0A, bytes.count > 2, start.contains(0x12) || start.contains(0x15),
            start.contains(where: { $0 < 9 })
        {
            return .sentencePiece(path: path)
        }
        if let problem = foreignText { return malformed(problem) }
        if bytes.starts(with: Array("#version".utf8)) {
            return malformed("the merges of a BPE; give the vocab.json that belongs to them")
        }
        return nil
    }

    /// What the contents are where they are no UTF-8 text; nil for all others.
    var foreignText: String? { bytes.withUnsafeBufferPointer { ForeignText($0, path: path)?.description } }

    /// Path of a file in the same folder.
    func beside(_ name: String) -> String { path.lastIndex(of: "/").map { path[...$0] + name } ?? name }

    func malformed(line: Int? = nil, _ problem: String) -> TokenizerError {
        .malformed(path: path, line: line, problem: problem)
    }

    /// Puts a text in place of a file, whole or not at all.
    static func write(_ text: String, to path: String) throws {
        do throws(FileError) { try WholeFile.write(Array(text.utf8), to: path) } catch {
            throw TokenizerError.unwritable(path: path, reason: error.reason)
        }
    }
}
