public import ConcordLayers

/// GPT-2's tokenizer: words as bytes, whose pairs merge in the order that training found them. No text is unknown to
/// it.
///
/// ```swift
/// let tokenizer = BPETokenizer.english()
/// tokenizer.decode(tokenizer.encode("naïve café ☕")) == "naïve café ☕"
/// ```
///
/// The ids are those of Hugging Face's `ByteLevelBPETokenizer` with the same vocabulary and merges; start and end token
/// come around them where there are any. Decoding gives every text back as it was; ids that break up a character give
/// U+FFFD.
/// - Source: Sennrich et al. 2015, arXiv:1508.07909; Radford et al. 2019.
public struct BPETokenizer: Tokenizer {
    public let vocabulary: Vocabulary
    /// The special tokens by what they are for.
    public let specials: BPESpecials
    /// The merges in their order, each a pair of tokens in the form of the vocabulary.
    let merges: [(left: Int32, right: Int32)]

    /// The bytes of each token; of a special one its name.
    private let contents: [[UInt8]]
    private let isSpecial: [Bool]
    private let byteIDs: [Int32]
    private let table: MergeTable
    /// Words that merge into one token: they need no merging.
    private let whole: Trie
    private let words = GPT2Words()
    private let finder: SpecialTokens

    /// Checked parts; `BPEParts` makes them.
    init(_ parts: BPEParts) {
        vocabulary = parts.vocabulary
        specials = parts.specials
        merges = parts.merges.map { ($0.left, $0.right) }
        contents = parts.contents
        byteIDs = parts.byteIDs
        isSpecial = contents.indices.map { [special = parts.vocabulary.special] in special.contains(Int32($0)) }
        let table = MergeTable(parts.merges)
        self.table = table
        finder = SpecialTokens(parts.vocabulary.special.sorted().map { (parts.contents[Int($0)], $0) })
        var whole = Trie(roots: 1)
        var word = MergingWord()
        for (id, bytes) in zip(Int32(0)..., contents) where !isSpecial[Int(id)] && !bytes.isEmpty {
            word.start(bytes.map { [byteIDs] in byteIDs[Int($0)] })
            table.withReader { word.merge(by: $0) }
            if word.isOne(id) { whole.insert(bytes, root: 0, value: id) }
        }
        self.whole = whole
    }

    public func subwords(of text: String, limit: Int, special: SpecialText) -> [Int32] {
        var merging = MergingWord()
        return finder.ids(of: text, limit: limit, special: special) { part, ids in
            append(part, to: &ids, limit: limit, &merging)
        }
    }

    private func append(
        _ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32], limit: Int, _ merging: inout MergingWord
    ) {
        whole.withReader { whole in
            table.withReader { table in
                words.forEach(in: text) { word in
                    let id = whole.value(of: word, root: 0)
                    if id >= 0 {
                        ids.append(id)
                    } else {
                        merging.start(word.lazy.map { byteIDs[Int($0)] })
                        merging.merge(by: table)
                        merging.forEach { ids.append($0) }
                    }
                    return ids.count < limit
                }
            }
        }
    }

    public func alignedSubwords(of text: String, special: SpecialText) -> [AlignedSubword] {
        var subwords: [AlignedSubword] = [], merging = MergingWord(), text = text
        text.withUTF8 { text in
            let scalars = ScalarOffsets(text)
            func append(_ part: UnsafeBufferPointer<UInt8>, at start: Int) {
                var ids: [Int32] = [], byte = start
                self.append(part, to: &ids, limit: .max, &merging)
                for id in ids {
                    let count = contents[Int(id)].count
                    // An unknown byte has the name of the unknown token for its contents.
                    let end = byte + (isSpecial[Int(id)] ? 1 : count)
                    subwords.append(AlignedSubword(id: id, characters: scalars.range(byte..<end)))
                    byte = end
                }
            }
            finder.forEachPart(of: text, special: special) { range, id in
                if let id {
                    subwords.append(AlignedSubword(id: id, characters: scalars.range(range)))
                } else {
                    append(UnsafeBufferPointer(rebasing: text[range]), at: range.lowerBound)
                }
            }
        }
        return subwords
    }

    /// Whether a token has no white space before it. Words are the runs between spaces, so a comma belongs to the word
    /// before it.
    public func continuesWord(_ id: Int32) -> Bool {
        guard contents.indices.contains(Int(id)), !isSpecial[Int(id)], let first = contents[Int(id)].first else {
            return false
        }
        return first != 32 && !(9...13).contains(first)
    }

    public func decode(_ ids: [Int32]) -> String {
        var bytes: [UInt8] = []
        for id in ids {
            if contents.indices.contains(Int(id)) {
                if !isSpecial[Int(id)] { bytes += contents[Int(id)] }
            } else {
                bytes += "\u{FFFD}".utf8
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    public func token(_ id: Int32) -> String? {
        guard contents.indices.contains(Int(id)) else { return nil }
        let bytes = contents[Int(id)]
        return isSpecial[Int(id)] ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.write(bytes)
    }

    public func id(of token: String) -> Int32? {
        (0..<Int32(contents.count)).first { self.token($0)?.utf8.elementsEqual(token.utf8) ?? false }
    }
}
