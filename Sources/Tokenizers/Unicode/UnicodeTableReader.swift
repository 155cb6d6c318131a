/// Reads the form that Vocab/unicode.py explains; the file is part of the program, so a fault in it is one of the
/// program.
struct UnicodeTableReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func runs() -> [UnicodeTable.Run] {
        var runs: [UnicodeTable.Run] = []
        while place < bytes.count {
            if bytes[place] != UInt8(ascii: "#") { runs.append(run()) }
            while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            place += 1
        }
        return runs
    }

    private mutating func run() -> UnicodeTable.Run {
        let first = hexadecimal()
        let last = take("-") ? hexadecimal() : first
        guard take(" ") else { fatalError("unicode.txt: no space at byte \(place)") }
        var traits: UnicodeTable.Traits = []
        while let trait = trait() { traits.formUnion(trait) }
        return UnicodeTable.Run(first: first, last: last, traits: traits, fold: take(" ") ? fold() : .itself)
    }

    private mutating func trait() -> UnicodeTable.Traits? {
        if take("-") { return [] }
        if take("d") { return .dropped }
        if take("s") { return .blank }
        if take("c") { return .cjk }
        if take("p") { return .punctuation }
        if take("L") { return .letter }
        if take("N") { return .number }
        return take("S") ? .space : nil
    }

    private mutating func fold() -> UnicodeTable.Fold {
        if take("h") { return .hangul }
        if take(">") { return .consecutive(hexadecimal()) }
        guard take("=") else { fatalError("unicode.txt: no fold at byte \(place)") }
        var scalars: [UInt32] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "\n") {
            scalars.append(hexadecimal())
            _ = take("+")
        }
        return .constant(scalars)
    }

    private mutating func hexadecimal() -> UInt32 {
        var value: UInt32 = 0
        let start = place
        while place < bytes.count {
            switch bytes[place] {
            case let b where b >= 48 && b <= 57: value = value << 4 | UInt32(b - 48)
            case let b where b >= 65 && b <= 70: value = value << 4 | UInt32(b - 55)
            default:
                guard place > start else { fatalError("unicode.txt: no number at byte \(place)") }
                return value
            }
            place += 1
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard place < bytes.count, UInt32(bytes[place]) == character.value else { return false }
        place += 1
        return true
    }
}
