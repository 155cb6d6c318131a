import ConcordFiles

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
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONScanner.Fault) in
                var parser = HeaderParser(bytes)
                return try parser.whole()
            }
        }
        do throws(JSONScanner.Fault) { self = try result.get() } catch {
            throw Problem(text: "\(error.problem) (header byte \(error.place))")
        }
    }
}

private struct HeaderParser {
    private var scanner: JSONScanner

    init(_ bytes: UnsafeBufferPointer<UInt8>) { scanner = JSONScanner(bytes) }

    mutating func whole() throws(JSONScanner.Fault) -> HeaderValue {
        let value = try value(depth: 0)
        scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.fault("something follows the header's object") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONScanner.Fault) -> HeaderValue {
        guard depth < 8 else { throw scanner.fault("values nested too deep") }
        scanner.skipSpace()
        guard let byte = scanner.next else { throw scanner.fault("it ends inside a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try scanner.string())
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
        default:
            for word in ["true", "false", "null"] where scanner.take(word: word) { return .other }
            throw scanner.fault("a string, a whole number, an array or an object expected")
        }
    }

    private mutating func object(depth: Int) throws(JSONScanner.Fault) -> HeaderValue {
        try scanner.expect("{")
        var members: [(key: String, value: HeaderValue)] = [], keys = Set<String>()
        if scanner.take("}") { return .object([]) }
        repeat {
            scanner.skipSpace()
            let key = try scanner.string()
            guard keys.insert(key).inserted else { throw scanner.fault("duplicate key \(key.debugDescription)") }
            try scanner.expect(":")
            members.append((key, try value(depth: depth + 1)))
        } while scanner.take(",")
        try scanner.expect("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONScanner.Fault) -> HeaderValue {
        try scanner.expect("[")
        var elements: [HeaderValue] = []
        if scanner.take("]") { return .array([]) }
        repeat { elements.append(try value(depth: depth + 1)) } while scanner.take(",")
        try scanner.expect("]")
        return .array(elements)
    }

    private mutating func integer() throws(JSONScanner.Fault) -> Int {
        let start = scanner.place, startsWithZero = scanner.next == 0x30
        var number = 0
        while let byte = scanner.next, case let digit = byte &- 0x30, digit < 10 {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw scanner.fault("a number is too large") }
            number = sum
            scanner.place += 1
        }
        guard scanner.place == start + 1 || !startsWithZero else { throw scanner.fault("a number starts with 0") }
        if let byte = scanner.next, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(byte) {
            throw scanner.fault("a number is not whole")
        }
        return number
    }
}
