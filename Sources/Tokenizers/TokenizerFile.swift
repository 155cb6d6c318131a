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
        var rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 10) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            if line.last == 13 { line.removeLast() }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw malformed(line: lines.count + 1, "not UTF-8; save the file in that encoding")
            }
            lines.append(text)
            rest = rest[end...].dropFirst()
        }
        guard !lines.isEmpty else { throw malformed("the file is empty") }
        return lines
    }

    func malformed(line: Int? = nil, _ problem: String) -> TokenizerError { .malformed(path: path, line: line, problem: problem) }

    /// Puts a text in place of a file, whole or not at all.
    static func write(_ text: String, to path: String) throws {
        do throws(FileError) { try WholeFile.write(Array(text.utf8), to: path) } catch {
            throw TokenizerError.unwritable(path: path, reason: error.reason)
        }
    }
}
