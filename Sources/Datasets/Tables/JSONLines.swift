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

    private var scanner: JSONScanner

    init(_ bytes: UnsafeBufferPointer<UInt8>) { scanner = JSONScanner(bytes, allowsControlCharacters: true) }

    /// The members of the only object.
    mutating func object() throws(Fault) -> [(key: String, value: Value)] {
        guard scanner.take("{") else {
            throw Fault("no JSON object; an object a line is wanted, {\"column\": \"value\"}")
        }
        do throws(JSONScanner.Fault) { return try members() } catch {
            throw Fault("not JSON at character \(error.place + 1): \(error.problem)")
        }
    }

    private mutating func members() throws(JSONScanner.Fault) -> [(key: String, value: Value)] {
        var members: [(key: String, value: Value)] = []
        if !scanner.take("}") {
            repeat {
                scanner.skipSpace()
                let key = try scanner.string()
                try scanner.expect(":")
                members.append((key, try value()))
            } while scanner.take(",")
            guard scanner.take("}") else { throw scanner.fault("a comma or the closing brace expected") }
        }
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.fault("something follows the object") }
        return members
    }

    /// The bytes from `start` to here.
    private func text(from start: Int) -> String { String(decoding: scanner.bytes[start..<scanner.place], as: UTF8.self) }

    private mutating func value() throws(JSONScanner.Fault) -> Value {
        scanner.skipSpace()
        let start = scanner.place
        guard let byte = scanner.next else { throw scanner.fault("it ends inside the object") }
        switch byte {
        case UInt8(ascii: "\""): return .text(try scanner.string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            while let byte = scanner.next, "+-.eE0123456789".utf8.contains(byte) { scanner.place += 1 }
            let number = text(from: start)
            guard Double(number) != nil else { throw scanner.fault("\(number) is no number") }
            return .number(number)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipNested()
            return .other(text(from: start))
        default:
            while let byte = scanner.next, byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A { scanner.place += 1 }
            let word = text(from: start)
            switch word {
            case "null", "NaN": return .missing  // pandas and Python write NaN for what is missing
            case "true", "false": return .other(word)
            default: throw scanner.fault("a value expected")
            }
        }
    }

    /// Passes over a list or an object.
    private mutating func skipNested() throws(JSONScanner.Fault) {
        var depth = 0
        repeat {
            switch scanner.next {
            case nil: throw scanner.fault("a list or an object is not closed")
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                _ = try scanner.string()
                continue
            default: break
            }
            scanner.place += 1
        } while depth > 0
    }
}
