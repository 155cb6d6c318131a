/// The JSON that a safetensors header may hold: strings, whole numbers, arrays and objects, in order and without
/// duplicate keys.
///
/// Foundation's parser keeps the last of two equal keys, and two readers that keep different ones see different
/// weights: here the second is an error. Numbers other than non-negative whole ones are errors too.
indirect enum HeaderValue {
    case string(String)
    case integer(Int)
    case array([HeaderValue])
    case object([(key: String, value: HeaderValue)])
    case other

    struct Problem: Error { let text: String }

    init(parsing bytes: [UInt8]) throws(Problem) {
        var scanner = HeaderScanner(bytes)
        self = try scanner.value(depth: 0)
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.problem("something follows the header's object") }
    }
}

/// Reads one JSON value after another from bytes.
private struct HeaderScanner {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    func problem(_ text: String) -> HeaderValue.Problem { HeaderValue.Problem(text: "\(text) (header byte \(place))") }

    mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == character.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(HeaderValue.Problem) {
        guard take(character) else { throw problem("'\(character)' expected") }
    }

    mutating func value(depth: Int) throws(HeaderValue.Problem) -> HeaderValue {
        guard depth < 8 else { throw problem("values nested too deep") }
        skipSpace()
        guard place < bytes.count else { throw problem("it ends inside a value") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
        default:
            for word in ["true", "false", "null"] where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return .other
            }
            throw problem("a string, a whole number, an array or an object expected")
        }
    }

    private mutating func object(depth: Int) throws(HeaderValue.Problem) -> HeaderValue {
        try expect("{")
        var members: [(key: String, value: HeaderValue)] = []
        var keys = Set<String>()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let key = try string()
            guard keys.insert(key).inserted else { throw problem("key \(key.debugDescription) stands twice") }
            try expect(":")
            members.append((key, try value(depth: depth + 1)))
        } while take(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(HeaderValue.Problem) -> HeaderValue {
        try expect("[")
        var elements: [HeaderValue] = []
        if take("]") { return .array([]) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        try expect("]")
        return .array(elements)
    }

    private mutating func integer() throws(HeaderValue.Problem) -> Int {
        let start = place
        var number = 0
        while place < bytes.count, case let digit = bytes[place] &- 0x30, digit < 10 {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw problem("a number is too large") }
            number = sum
            place += 1
        }
        guard place == start + 1 || bytes[start] != 0x30 else { throw problem("a number starts with 0") }
        if place < bytes.count, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[place]) {
            throw problem("a number is not whole")
        }
        return number
    }

    private mutating func string() throws(HeaderValue.Problem) -> String {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw problem("a string expected") }
        place += 1
        var text: [UInt8] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            let byte = bytes[place]
            guard byte >= 0x20 else { throw problem("a control character in a string") }
            place += 1
            if byte == UInt8(ascii: "\\") { text += try escape().utf8 } else { text.append(byte) }
        }
        guard place < bytes.count else { throw problem("it ends inside a string") }
        place += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw problem("a string is not UTF-8") }
        return string
    }

    private mutating func escape() throws(HeaderValue.Problem) -> String {
        guard place < bytes.count else { throw problem("it ends inside a string") }
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
            if UTF16.isLeadSurrogate(units[0]), bytes[place...].starts(with: "\\u".utf8) {
                place += 2
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw problem("half a surrogate pair in a string")
            }
            return text
        default: throw problem("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(HeaderValue.Problem) -> UInt16 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits expected after \\u") }
        place += 4
        return unit
    }
}
