import ConcordFiles

/// The objects of a JSON-lines file as rows.
struct JSONLines {
    /// Every key, in the order in which they come up.
    private(set) var columns: [String] = []
    private(set) var rows = WrittenRows()
    private var places: [String: Int] = [:]

    /// - Parameter required: columns that must have a text or a number in every row.
    init(_ bytes: FileBytes, path: String, required: [String]) throws(DatasetError) {
        var start = bytes.markLength, line = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes.base[end] != Dialect.feed { end += 1 }
            line += 1
            defer { start = end + 1 }
            let text = UnsafeBufferPointer(start: bytes.base + start, count: end - start)
            guard text.contains(where: { $0 > 0x20 }) else { continue }
            if line == 1, Self.isDocument(bytes, text) {
                throw .encoding(
                    path: path, found: "one JSON document, not JSON lines",
                    remedy: "write an object a line, for example with: jq -c '.[]' \(ForeignText.shell(path))")
            }
            do throws(JSONLineScanner.Fault) {
                var scanner = JSONLineScanner(text)
                try add(scanner.object(), required: required, line: line)
            } catch { rows.index.bad.append("\(path):\(line): \(error.text)") }
        }
    }

    private mutating func add(
        _ members: [(key: String, value: JSONLineScanner.Value)], required: [String], line: Int
    ) throws(JSONLineScanner.Fault) {
        var fields = [String](repeating: "", count: columns.count), seen: Set<String> = []
        for (key, value) in members {
            guard seen.insert(key).inserted else { throw JSONLineScanner.Fault("key \"\(key)\" is given twice") }
            if case .other(let json) = value, required.contains(key) {
                throw JSONLineScanner.Fault("\"\(key)\" is \(json.prefix(40)); a text or a number wanted")
            }
            let place = places[key] ?? columns.count
            if place == columns.count {
                places[key] = place
                columns.append(key)
            }
            if place >= fields.count { fields += Array(repeating: "", count: place + 1 - fields.count) }
            fields[place] = value.text
        }
        for column in required {
            let text = places[column].flatMap { $0 < fields.count ? fields[$0] : nil } ?? ""
            guard text.utf8.contains(where: { $0 > 0x20 }) else {
                throw JSONLineScanner.Fault("\"\(column)\" is \(seen.contains(column) ? "empty" : "missing")")
            }
        }
        rows.append(fields, line: line)
    }

    /// Whether the file is a list, or an object over several lines, by its first line and its end.
    private static func isDocument(_ bytes: FileBytes, _ line: UnsafeBufferPointer<UInt8>) -> Bool {
        let last = UnsafeBufferPointer(start: bytes.base, count: bytes.count).last { $0 > 0x20 }
        switch line.first(where: { $0 > 0x20 }) {
        case UInt8(ascii: "["): return last == UInt8(ascii: "]")
        case UInt8(ascii: "{"): return last == UInt8(ascii: "}") && line.last { $0 > 0x20 } != last
        default: return false
        }
    }
}

/// Reads one object of a line, its nested values as they are written.
struct JSONLineScanner {
    struct Fault: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    enum Value {
        case text(String)
        case missing
        /// A number stays as it is written.
        case number(String)
        /// Anything else, as JSON.
        case other(String)

        var text: String {
            switch self {
            case .text(let text), .number(let text), .other(let text): text
            case .missing: ""
            }
        }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The members of the only object.
    mutating func object() throws(Fault) -> [(key: String, value: Value)] {
        guard take("{") else { throw Fault("no JSON object; an object a line is wanted, {\"column\": \"value\"}") }
        var members: [(key: String, value: Value)] = []
        if !take("}") {
            repeat {
                skipSpace()
                let key = try string()
                guard take(":") else { throw fault("a colon wanted") }
                members.append((key, try value()))
            } while take(",")
            guard take("}") else { throw fault("a comma or the closing brace wanted") }
        }
        skipSpace()
        guard place == bytes.count else { throw fault("something follows the object") }
        return members
    }

    private func fault(_ text: String) -> Fault { Fault("not JSON at character \(place + 1): \(text)") }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0D, 0x0A].contains(bytes[place]) { place += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == character.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func value() throws(Fault) -> Value {
        skipSpace()
        guard place < bytes.count else { throw fault("it ends inside the object") }
        let start = place
        switch bytes[place] {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            while place < bytes.count, "+-.eE0123456789".utf8.contains(bytes[place]) { place += 1 }
            let text = String(decoding: bytes[start..<place], as: UTF8.self)
            guard Double(text) != nil else { throw fault("\(text) is no number") }
            return .number(text)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipNested()
            return .other(String(decoding: bytes[start..<place], as: UTF8.self))
        default:
            while place < bytes.count, bytes[place] | 0x20 >= 0x61, bytes[place] | 0x20 <= 0x7A { place += 1 }
            let word = String(decoding: bytes[start..<place], as: UTF8.self)
            switch word {
            case "null", "NaN": return .missing  // pandas and Python write NaN for what is missing
            case "true", "false": return .other(word)
            default: throw fault("a value wanted")
            }
        }
    }

    /// Passes over a list or an object.
    private mutating func skipNested() throws(Fault) {
        var depth = 0
        repeat {
            guard place < bytes.count else { throw fault("a list or an object is not closed") }
            switch bytes[place] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                _ = try string()
                continue
            default: break
            }
            place += 1
        } while depth > 0
    }

    private mutating func string() throws(Fault) -> String {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw fault("a text in quotes wanted") }
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place += 1 }
        var text = Array(bytes[start..<place])
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            let byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "\\") { text += try escape().utf8 } else { text.append(byte) }
        }
        guard place < bytes.count else { throw fault("a text is not closed") }
        place += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw Fault("not UTF-8") }
        return string
    }

    private mutating func escape() throws(Fault) -> String {
        guard place < bytes.count else { throw fault("a text is not closed") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                place += 2
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw fault("half a surrogate pair") }
            return text
        default: throw fault("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        guard place + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw fault("four hexadecimal digits wanted after \\u") }
        place += 4
        return unit
    }
}
