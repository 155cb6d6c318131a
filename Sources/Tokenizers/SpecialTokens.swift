/// Finds special tokens that stand literally in a text.
struct SpecialTokens: Sendable {
    /// The longest first, so that it wins where several stand at one place.
    private let tokens: [(bytes: [UInt8], id: Int32)]
    private let isFirst: [Bool]

    init(_ tokens: [(bytes: [UInt8], id: Int32)]) {
        self.tokens = tokens.filter { !$0.bytes.isEmpty }.sorted { $0.bytes.count > $1.bytes.count }
        var isFirst = [Bool](repeating: false, count: 256)
        for token in self.tokens { isFirst[Int(token.bytes[0])] = true }
        self.isFirst = isFirst
    }

    /// Calls `ordinary` with each part between special tokens and `special` with each of these, until one returns false.
    @inline(__always)
    func split(
        _ text: UnsafeBufferPointer<UInt8>, ordinary: (UnsafeBufferPointer<UInt8>) -> Bool, special: (Int32) -> Bool
    ) {
        var start = 0, index = 0
        isFirst.withUnsafeBufferPointer { isFirst in
            while index < text.count {
                guard isFirst[Int(text[index])], let token = match(in: text, at: index) else {
                    index += 1
                    continue
                }
                if start < index, !ordinary(UnsafeBufferPointer(rebasing: text[start..<index])) { return }
                guard special(token.id) else { return }
                index += token.bytes.count
                start = index
            }
            if start < text.count { _ = ordinary(UnsafeBufferPointer(rebasing: text[start...])) }
        }
    }

    private func match(in text: UnsafeBufferPointer<UInt8>, at index: Int) -> (bytes: [UInt8], id: Int32)? {
        tokens.first { text[index...].starts(with: $0.bytes) }
    }
}
