import Glibc

/// The bytes of a tokenizer's file, and its lines.
struct TokenizerFile {
    let path: String
    let bytes: [UInt8]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TokenizerError.unreadable(path: path, reason: Self.reason) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw TokenizerError.unreadable(path: path, reason: Self.reason) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        self.init(path: path, bytes: bytes)
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

    /// Writes a file beside the path, flushes it, and gives it the path's name.
    static func write(_ text: String, to path: String) throws {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TokenizerError.unwritable(path: path, reason: reason) }
        var failure = fill(descriptor, with: text)
        if failure == nil && fsync(descriptor) != 0 { failure = reason }
        if close(descriptor) != 0 && failure == nil { failure = reason }
        if failure == nil && rename(temporary, path) != 0 { failure = reason }
        if let failure {
            unlink(temporary)
            throw TokenizerError.unwritable(path: path, reason: failure)
        }
    }

    private static func fill(_ descriptor: Int32, with text: String) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[rest.indices]).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { return reason }
                rest = rest.dropFirst(count)
            }
            return nil
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
