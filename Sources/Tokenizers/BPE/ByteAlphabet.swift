/// GPT-2's way to write bytes as printable characters: printable ones of Latin-1 are themselves, the rest are
/// U+0100 and up.
/// - Source: Radford et al. 2019, `bytes_to_unicode` in `encoder.py`.
enum ByteAlphabet {
    /// The scalar that writes each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            let prints = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            defer { if !prints { next += 1 } }
            return Unicode.Scalar(prints ? byte : next) ?? "\u{FFFD}"
        }
    }()

    private static let bytes: [UInt32: UInt8] = Dictionary(uniqueKeysWithValues: zip(scalars.map(\.value), 0...255))

    /// The bytes in the order of the scalars that write them, which is the order of their ids.
    static let sorted: [UInt8] = (0...255).sorted { scalars[Int($0)].value < scalars[Int($1)].value }

    static func write(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }

    /// The bytes that a text writes; nil where it has a character that writes none.
    static func read(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = bytes[scalar.value] else { return nil }
            result.append(byte)
        }
        return result
    }
}
