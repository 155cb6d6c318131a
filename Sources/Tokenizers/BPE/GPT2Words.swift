/// GPT-2's split of text into words, on UTF-8 and without a regular-expression engine:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// - Source: Radford et al. 2019, `encoder.py`. Every byte of the text is in exactly one word.
package struct GPT2Words: Sendable {
    private typealias Traits = UnicodeTable.Traits
    private let table = UnicodeTable.shared
    private static let kinds: Traits = [.letter, .number, .space]

    package init() {}

    /// Calls `body` with each word until it returns false.
    /// - Parameter text: valid UTF-8.
    @inline(__always)
    package func forEach(in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) {
        table.ascii.withUnsafeBufferPointer { ascii in
            var start = 0
            while start < text.count {
                let end = wordEnd(in: text, from: start, ascii)
                guard body(UnsafeBufferPointer(rebasing: text[start..<end])) else { return }
                start = end
            }
        }
    }

    private func wordEnd(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, _ ascii: UnsafeBufferPointer<Traits>
    ) -> Int {
        if text[start] == UInt8(ascii: "'"), let end = contractionEnd(in: text, from: start) { return end }
        var (kind, length) = kind(in: text, at: start, ascii)
        if text[start] == UInt8(ascii: " "), start + 1 < text.count {
            let next = self.kind(in: text, at: start + 1, ascii)
            if next.kind != .space { return runEnd(of: next.kind, in: text, from: start + 1 + next.length, ascii) }
        }
        if kind != .space { return runEnd(of: kind, in: text, from: start + length, ascii) }
        // White space before a word leaves its last scalar to it, or to a word of its own.
        var end = start + length, last = start
        while end < text.count {
            (kind, length) = self.kind(in: text, at: end, ascii)
            guard kind == .space else { return last > start ? last : end }
            last = end
            end += length
        }
        return end
    }

    @inline(__always)
    private func kind(
        in text: UnsafeBufferPointer<UInt8>, at index: Int, _ ascii: UnsafeBufferPointer<Traits>
    ) -> (kind: Traits, length: Int) {
        let byte = text[index]
        if byte < 0x80 { return (ascii[Int(byte)].intersection(Self.kinds), 1) }
        let (value, length) = scalar(in: text, at: index)
        return (table.traits(value).intersection(Self.kinds), length)
    }

    @inline(__always)
    private func runEnd(
        of wanted: Traits, in text: UnsafeBufferPointer<UInt8>, from start: Int, _ ascii: UnsafeBufferPointer<Traits>
    ) -> Int {
        var end = start
        while end < text.count {
            let (kind, length) = kind(in: text, at: end, ascii)
            guard kind == wanted else { break }
            end += length
        }
        return end
    }

    private func contractionEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start + 1 < text.count else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }
}

extension GPT2Words: WordSplitter {
    func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        forEach(in: text) { word in
            body(word)
            return true
        }
    }
}
