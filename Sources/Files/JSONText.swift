/// Strings as JSON has them, for the readers and writers that `JSONDecoder` and `JSONEncoder` do not serve: of headers
/// whose duplicate keys matter, of files too large for a tree, of lines with an order of their own.
package enum JSONText {
    /// A string between quotes, on one line.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A number; `null` where it is not finite, which JSON has no number for.
    package static func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
        value.isFinite ? value.description : "null"
    }
}

/// Reads the tokens of JSON from bytes, one after the other; what they make up is up to its user.
package struct JSONScanner {
    package struct Fault: Error {
        package let problem: String
        /// Byte from 0 at which reading stopped.
        package let place: Int
    }

    package let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte to read.
    package var place = 0
    /// Whether strings may hold tabs and other control characters as they are, which JSON forbids and people write.
    private let allowsControlCharacters: Bool

    /// - Parameter bytes: must outlive the scanner.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, allowsControlCharacters: Bool = false) {
        (self.bytes, self.allowsControlCharacters) = (bytes, allowsControlCharacters)
    }

    package var isAtEnd: Bool { place >= bytes.count }

    /// The next byte; nil at the end.
    package var next: UInt8? { isAtEnd ? nil : bytes[place] }

    package func fault(_ problem: String) -> Fault { Fault(problem: problem, place: place) }

    package mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    /// Passes over a character, with the white space in front of it, if it is there.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next.map({ UInt32($0) == character.value }) ?? false else { return false }
        place += 1
        return true
    }

    package mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard take(character) else { throw fault("'\(character)' expected") }
    }

    /// Whether a word comes next, which is then passed over.
    package mutating func take(word: String) -> Bool {
        guard bytes[min(place, bytes.count)...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    /// The string that starts here with a quote.
    package mutating func string() throws(Fault) -> String {
        guard next == UInt8(ascii: "\"") else { throw fault("a string expected") }
        place += 1
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 || allowsControlCharacters else { throw fault("a control character in a string") }
            place += 1
            if byte == UInt8(ascii: "\\") { text += try escape().utf8 } else { text.append(byte) }
        }
        guard !isAtEnd else { throw fault("it ends inside a string") }
        place += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
        return string
    }

    private mutating func escape() throws(Fault) -> String {
        guard let byte = next else { throw fault("it ends inside a string") }
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
            if UTF16.isLeadSurrogate(units[0]), take(word: "\\u") { units.append(try codeUnit()) }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw fault("half a surrogate pair in a string")
            }
            return text
        default: throw fault("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault("four hexadecimal digits expected after \\u") }
        place += 4
        return unit
    }
}
