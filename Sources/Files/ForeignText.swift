/// What a file is where a reader of UTF-8 text cannot take it, and the command that makes text of it.
///
/// Every reader of text checks this: tables, texts to train on and to embed, vocabularies, recipes. Bytes that are
/// damaged in places are not foreign: a text of UTF-8 with a few broken bytes is for its reader to repair or refuse.
package struct ForeignText: Equatable, Sendable {
    /// "UTF-16", "a gzip file".
    package let found: String
    /// "convert it with: iconv -f UTF-16 -t UTF-8 a.csv > a-utf8.csv".
    package let remedy: String

    package var description: String { "the file is \(found); \(remedy)" }

    private init(_ found: String, _ remedy: String) { (self.found, self.remedy) = (found, remedy) }

    /// Nil for UTF-8 text, with or without a byte-order mark.
    package init?(_ bytes: UnsafeBufferPointer<UInt8>, path: String) {
        if let known = Self.unicode(bytes, path) ?? Self.container(bytes, path) ?? Self.withoutMark(bytes, path) {
            self = known
        } else if let encoding = SingleBytes(bytes).encoding {
            self.init("not UTF-8 but \(encoding.words)", Self.conversion(from: encoding.name, path))
        } else {
            return nil
        }
    }

    private static func conversion(from encoding: String, _ path: String) -> String {
        let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
        let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 } ?? path.endIndex
        let output = path[..<dot] + "-utf8" + path[dot...]
        return "convert it with: iconv -f \(encoding) -t UTF-8 \(shell(path)) > \(shell(String(output)))"
    }

    /// A file's name as a shell takes it.
    package static func shell(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            $0 >= 0x80 || $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A
                || "./_-+,:=@".utf8.contains($0)
        }
        return isPlain && !path.isEmpty
            ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    // MARK: - Unicode of other widths

    private static func unicode(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String) -> ForeignText? {
        let marks: [(name: String, bytes: [UInt8])] = [
            ("UTF-32", [0xFF, 0xFE, 0, 0]), ("UTF-32", [0, 0, 0xFE, 0xFF]), ("UTF-16", [0xFF, 0xFE]),
            ("UTF-16", [0xFE, 0xFF]),
        ]
        guard let mark = marks.first(where: { bytes.starts(with: $0.bytes) }) else { return nil }
        return ForeignText(mark.name, conversion(from: mark.name, path))
    }

    /// Zeros in every other place are UTF-16 of Latin text; a file of zeros alone is an empty one.
    private static func withoutMark(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String) -> ForeignText? {
        let start = bytes.prefix(4096)
        let even = start.indices.count { $0 & 1 == 0 && start[$0] == 0 }, odd = start.count { $0 == 0 } - even
        guard (even + odd) * 4 > start.count, start.contains(where: { $0 > 0x20 }) else { return nil }
        let more = max(even, odd), fewer = min(even, odd)
        guard fewer * 8 <= more else {
            return ForeignText("binary, not text", "give a UTF-8 text file")
        }
        return ForeignText(
            "UTF-16 without a byte-order mark", conversion(from: odd > even ? "UTF-16LE" : "UTF-16BE", path))
    }

    // MARK: - Files that are no text

    private static func container(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String) -> ForeignText? {
        func has(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
        func begins(_ start: [UInt8]) -> Bool { bytes.starts(with: start) }
        let file = shell(path), lower = path.lowercased()
        let isTar = lower.hasSuffix(".tgz") || lower.contains(".tar.")
        func compressed(_ kind: String, _ command: String) -> ForeignText {
            let command = isTar ? "tar -xf" : command
            return ForeignText("compressed (\(kind))", "unpack it with: \(command) \(file)")
        }
        if begins([0x1F, 0x8B]) { return compressed("gzip", "gunzip -k") }
        if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return compressed("xz", "unxz -k") }
        if begins([0x28, 0xB5, 0x2F, 0xFD]) { return compressed("zstd", "unzstd") }
        if has("BZh"), bytes.count > 9, bytes[3] >= 0x31, bytes[3] <= 0x39, has("1AY&SY", at: 4) {
            return compressed("bzip2", "bunzip2 -k")
        }
        if has("ustar", at: 257) {
            return ForeignText(
                "a tar archive",
                "unpack it with: tar -xf \(file), and name the unpacked text file, or a table of the files")
        }
        if begins([0x50, 0x4B, 3, 4]) || begins([0x50, 0x4B, 5, 6]) {
            let start = String(decoding: bytes.prefix(4096), as: UTF8.self)
            if start.contains("[Content_Types].xml") || start.contains("xl/")
                || start.contains("opendocument.spreadsheet")
            {
                return ForeignText("a spreadsheet or office document (ZIP)", "save it from there as CSV in UTF-8")
            }
            return ForeignText("a ZIP archive", "unpack it with: unzip \(file)")
        }
        if begins([0xD0, 0xCF, 0x11, 0xE0]) {
            return ForeignText("an old Excel or Word document", "save it from there as CSV in UTF-8")
        }
        if begins([0x37, 0x7A, 0xBC, 0xAF]) { return ForeignText("a 7z archive", "unpack it with: 7z x \(file)") }
        let pandas = "write it as CSV or JSON lines first, for example in Python with pandas"
        if has("PAR1") { return ForeignText("a Parquet file", "\(pandas): read_parquet(…).to_csv(…, index=False)") }
        if has("ARROW1") || begins([0xFF, 0xFF, 0xFF, 0xFF]) {
            return ForeignText("an Arrow or Feather file", "\(pandas): read_feather(…).to_csv(…, index=False)")
        }
        if begins([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
            return ForeignText("an HDF5 file", "\(pandas) or h5py")
        }
        if has("SQLite format 3") {
            return ForeignText(
                "an SQLite database", "write a table of it as CSV: sqlite3 -header -csv \(file) 'SELECT * FROM …'")
        }
        if begins([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
            return ForeignText("a NumPy array", "\(pandas) or numpy.savetxt")
        }
        if begins([0x80]), bytes.count > 2, (2...5).contains(bytes[1]), bytes.last == 0x2E {
            return ForeignText("a Python pickle", pandas)
        }
        if has("%PDF-") { return ForeignText("a PDF document", "give a UTF-8 text file") }
        if begins([0xFF, 0xD8, 0xFF]) || begins([0x89, 0x50, 0x4E, 0x47]) {
            return ForeignText("an image", "give a UTF-8 text file, such as a table with the paths of images")
        }
        if has("RIFF"), has("WAVE", at: 8) {
            return ForeignText("a sound", "give a UTF-8 text file, such as a table with the paths of sounds")
        }
        return nil
    }
}

/// How the bytes above 127 of a text fall into valid UTF-8 and other bytes.
private struct SingleBytes {
    /// Characters of UTF-8, and those of them that are cut or damaged.
    private var characters = 0, damaged = 0
    /// Bytes that are letters and signs in Windows-1252 and nothing in UTF-8.
    private var letters = 0
    /// Of those, what ISO-8859-1 has no sign for.
    private var signs = 0
    private let count: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        count = bytes.count
        let raw = UnsafeRawBufferPointer(bytes)
        var p = 0
        while p < count {
            if p + 8 <= count, raw.loadUnaligned(fromByteOffset: p, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
                p += 8
            } else if bytes[p] < 0x80 {
                p += 1
            } else {
                p += add(bytes, at: p)
            }
        }
    }

    /// - Returns: how many bytes were counted.
    private mutating func add(_ bytes: UnsafeBufferPointer<UInt8>, at p: Int) -> Int {
        let length =
            switch bytes[p] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        var end = p + 1
        while end < min(count, p + length), bytes[end] & 0xC0 == 0x80 { end += 1 }
        if length > 1, end == p + length {
            characters += 1
        } else if end > p + 1 || [0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xC2, 0xC3, 0xFF].contains(bytes[p]) {
            damaged += 1
        } else {
            letters += 1
            if bytes[p] < 0xA0 { signs += 1 }
        }
        return end - p
    }

    /// The encoding of the text where it is not UTF-8 with a few damaged bytes.
    var encoding: (name: String, words: String)? {
        guard letters > characters + damaged else { return nil }
        guard letters * 4 < count else {
            return ("ENCODING", "in another encoding, perhaps WINDOWS-1251, GB18030 or SHIFT_JIS")
        }
        return signs > 0 ? ("WINDOWS-1252", "Windows-1252 (Western European)") : ("ISO-8859-1", "ISO-8859-1 (Latin-1)")
    }
}
