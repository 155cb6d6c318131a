/// Finds names of special tokens in a text.
struct SpecialTokens: Sendable {
    /// The longest first, so that it wins where several start at one place.
    private let tokens: [(bytes: [UInt8], id: Int32)]
    private let isFirst: [Bool]

    init(_ tokens: [(bytes: [UInt8], id: Int32)]) {
        self.tokens = tokens.filter { !$0.bytes.isEmpty }.sorted { $0.bytes.count > $1.bytes.count }
        var isFirst = [Bool](repeating: false, count: 256)
        for token in self.tokens { isFirst[Int(token.bytes[0])] = true }
        self.isFirst = isFirst
    }

    /// Calls `ordinary` with each part between special tokens and `special` with each of these, until one returns
    /// false.
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

    /// The ids of a text: special tokens' own, and what `append` makes of the parts between them.
    /// - Parameters:
    ///   - limit: the most ids to return; beyond them nothing more is read.
    ///   - special: whether names of special tokens are looked for at all.
    ///   - append: may go on to the end of the word in which it reaches the limit.
    @inline(__always)
    func ids(
        of text: String, limit: Int, special: SpecialText,
        append: (_ part: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) -> Void
    ) -> [Int32] {
        var ids: [Int32] = []
        guard limit > 0 else { return ids }
        var text = text
        text.withUTF8 { text in
            ids.reserveCapacity(min(limit, text.count / 3 + 4))
            if special == .plain { return append(text, &ids) }
            split(text) { part in
                append(part, &ids)
                return ids.count < limit
            } special: { id in
                ids.append(id)
                return ids.count < limit
            }
        }
        if ids.count > limit { ids.removeLast(ids.count - limit) }
        return ids
    }

    /// Calls `body` with each special token's bytes and id, and with each part between them and nil.
    func forEachPart(of text: UnsafeBufferPointer<UInt8>, special: SpecialText, _ body: (Range<Int>, Int32?) -> Void) {
        guard special == .parsed else { return body(0..<text.count, nil) }
        var start = 0
        split(text) { part in
            body(start..<start + part.count, nil)
            start += part.count
            return true
        } special: { id in
            let count = tokens.first { $0.id == id }?.bytes.count ?? 0
            body(start..<start + count, id)
            start += count
            return true
        }
    }

    private func match(in text: UnsafeBufferPointer<UInt8>, at index: Int) -> (bytes: [UInt8], id: Int32)? {
        tokens.first { text[index...].starts(with: $0.bytes) }
    }
}
