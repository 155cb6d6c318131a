public import ConcordLayers

/// BERT's tokenizer: words, then the longest subwords of each that the vocabulary has; `##` marks a subword that
/// continues a word.
///
/// ```swift
/// let tokenizer = try WordPieceTokenizer(contentsOf: "vocab.txt")
/// tokenizer.tokens(tokenizer.encode("Unaffable cats"))          // [CLS] una ##ffa ##ble cats [SEP]
/// ```
///
/// Case and accents are handled as the vocabulary was made (`normalization`). A `vocab.txt` does not say how, so a
/// companion file does (`tokenizer_config.json`, or `vocab.config.json` beside a `vocab.txt`); without one it is
/// guessed from the tokens (`guessedNormalization`).
///
/// A word of more than 100 characters, or one that no subwords make up, is `[UNK]` as a whole. The ids are those of
/// Hugging Face's `BertWordPieceTokenizer` with the same file.
/// - Source: Wu et al. 2016, arXiv:1609.08144; Devlin et al. 2018, arXiv:1810.04805.
public struct WordPieceTokenizer: Tokenizer {
    public let vocabulary: Vocabulary
    /// What becomes of case and accents before words are looked up.
    public let normalization: BERTNormalization
    /// `normalization`, where it was guessed from the tokens.
    public let guessedNormalization: BERTNormalization?
    /// Whether text is made lower case.
    public var lowercase: Bool { normalization.lowercase }

    let tokens: [String]
    private let trie: Trie
    private let words: BERTWords
    private let specials: SpecialTokens
    private let unknown: Int32
    private static let firstRoot: UInt32 = 0, continuingRoot: UInt32 = 1
    private static let longestWord = 100
    static let prefix = "##"

    /// Reads a `vocab.txt`, a token a line, whose number from 0 is its id; or what `write` or Hugging Face's
    /// `tokenizer.json` holds.
    /// - Parameters:
    ///   - lowercase: as the vocabulary was made; nil takes what the file or its companion states, or else a guess from
    ///     the tokens.
    ///   - stripsAccents: likewise; nil does as `lowercase` does where that is given.
    public init(contentsOf path: String, lowercase: Bool? = nil, stripsAccents: Bool? = nil) throws {
        try self.init(TokenizerFile(path: path), Normalizing(lowercase: lowercase, stripsAccents: stripsAccents))
    }

    /// A vocabulary at hand; the id of a token is its place.
    public init(tokens: [String], lowercase: Bool? = nil, stripsAccents: Bool? = nil) throws {
        let file = TokenizerFile(path: "vocabulary", bytes: Array(tokens.map { $0 + "\n" }.joined().utf8))
        try self.init(
            tokens: Self.tokens(of: file), Normalizing(lowercase: lowercase, stripsAccents: stripsAccents), from: file)
    }

    /// - Parameters:
    ///   - tokens: checked.
    ///   - file: where they are from, for errors.
    init(tokens: [String], _ normalizing: Normalizing, from file: TokenizerFile) throws {
        guard tokens.reduce(0, { $0 + $1.utf8.count }) < Trie.limit - 2 else {
            throw file.malformed("the tokens have more than \(Trie.limit) bytes; is the file a vocabulary?")
        }
        self.tokens = tokens
        var trie = Trie(roots: 2)
        var specials: [String: Int32] = [:]
        for (id, token) in zip(Int32(0)..., tokens) {
            if Self.specialNames.contains(token) { specials[token] = id }
            let continues = token.utf8.starts(with: Self.prefix.utf8)
            let subword = token.utf8.dropFirst(continues ? Self.prefix.utf8.count : 0)
            guard !subword.isEmpty else { continue }
            trie.insert(subword, root: continues ? Self.continuingRoot : Self.firstRoot, value: id)
        }
        guard let padding = specials["[PAD]"] else { throw Self.missing("[PAD]", among: tokens, file) }
        guard let unknown = specials["[UNK]"] else { throw Self.missing("[UNK]", among: tokens, file) }
        self.trie = trie
        self.unknown = unknown
        self.specials = SpecialTokens(
            Self.specialNames.compactMap { name in specials[name].map { (Array(name.utf8), $0) } })
        normalization = normalizing.resolved(for: tokens)
        guessedNormalization = normalizing.isComplete ? nil : normalization
        words = BERTWords(normalization)
        vocabulary = Vocabulary(
            size: tokens.count, padding: padding, unknown: unknown, start: specials["[CLS]"], end: specials["[SEP]"],
            mask: specials["[MASK]"])
    }

    /// The special tokens in the order that the trainer gives them.
    static let specialNames = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    public func subwords(of text: String, limit: Int, special: SpecialText) -> [Int32] {
        trie.withReader { trie in
            specials.ids(of: text, limit: limit, special: special) { part, ids in
                words.forEach(in: part) { word, characters in
                    append(word, characters, to: &ids, trie)
                    return ids.count < limit
                }
            }
        }
    }

    public func alignedSubwords(of text: String, special: SpecialText) -> [AlignedSubword] {
        var subwords: [AlignedSubword] = [], text = text
        text.withUTF8 { text in
            let scalars = ScalarOffsets(text)
            specials.forEachPart(of: text, special: special) { range, id in
                if let id { return subwords.append(AlignedSubword(id: id, characters: scalars.range(range))) }
                let first = scalars.range(range).lowerBound
                for word in words.aligned(UnsafeBufferPointer(rebasing: text[range])) {
                    var ids: [Int32] = [], start = 0
                    word.bytes.withUnsafeBufferPointer { bytes in
                        trie.withReader { append(bytes, word.origins.count, to: &ids, $0) }
                    }
                    for id in ids {
                        let length = id == unknown && ids.count == 1 ? word.origins.count : length(of: id)
                        let origins = word.origins[start..<start + length]
                        start += length
                        guard let from = origins.first, let to = origins.last else { continue }
                        subwords.append(AlignedSubword(id: id, characters: first + from..<first + to + 1))
                    }
                }
            }
        }
        return subwords
    }

    /// A token's number of Unicode scalars without its prefix.
    private func length(of id: Int32) -> Int {
        tokens[Int(id)].unicodeScalars.count - (continuesWord(id) ? Self.prefix.unicodeScalars.count : 0)
    }

    /// Whether a token is one of those with `##`.
    public func continuesWord(_ id: Int32) -> Bool { token(id)?.utf8.starts(with: Self.prefix.utf8) ?? false }

    private func append(
        _ word: UnsafeBufferPointer<UInt8>, _ characters: Int, to ids: inout [Int32], _ trie: TrieReader
    ) {
        guard characters <= Self.longestWord else { return ids.append(unknown) }
        let before = ids.count
        var start = 0
        while start < word.count {
            var node = start == 0 ? Self.firstRoot : Self.continuingRoot
            var best: Int32 = -1
            var end = start, index = start
            while index < word.count {
                node = trie.child(of: node, word[index])
                if node == 0 { break }
                index += 1
                let value = trie.values[Int(node)]
                if value >= 0 { (best, end) = (value, index) }
            }
            guard best >= 0 else {
                ids.removeLast(ids.count - before)
                return ids.append(unknown)
            }
            ids.append(best)
            start = end
        }
    }

    /// The subwords of a word joined, words with a space between them except before `.`, `?`, `!` and `,`, as Hugging
    /// Face's decoder does.
    public func decode(_ ids: [Int32]) -> String {
        var text = ""
        let special = vocabulary.special
        for id in ids where !special.contains(id) {
            let token = token(id) ?? "\u{FFFD}"
            if text.isEmpty {
                text = token
            } else if token.utf8.starts(with: Self.prefix.utf8) {
                text += token.dropFirst(2)
            } else {
                let closes = token.utf8.first.map { ".?!,".utf8.contains($0) } ?? false
                text += closes ? token : " " + token
            }
        }
        return text
    }

    public func token(_ id: Int32) -> String? { tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil }

    public func id(of token: String) -> Int32? {
        tokens.firstIndex { $0.utf8.elementsEqual(token.utf8) }.map(Int32.init)
    }
}
