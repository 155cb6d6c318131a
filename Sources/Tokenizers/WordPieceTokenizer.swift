public import ConcordLayers

/// BERT's tokenizer: words, then the longest pieces of each that the vocabulary has; `##` marks a piece that continues a word.
///
/// ```swift
/// let tokenizer = try WordPieceTokenizer(contentsOf: "vocab.txt")
/// tokenizer.tokens(tokenizer.encode("Unaffable cats"))          // [CLS] una ##ffa ##ble cats [SEP]
/// ```
///
/// A word of more than 100 characters, or one that no pieces make up, is `[UNK]` as a whole. The ids are those of Hugging Face's
/// `BertWordPieceTokenizer` with the same file.
/// - Source: Wu et al. 2016, arXiv:1609.08144; Devlin et al. 2018, arXiv:1810.04805.
public struct WordPieceTokenizer: Tokenizer {
    public let vocabulary: Vocabulary
    /// Whether text is made lower case and loses its accents.
    public let lowercase: Bool

    private let tokens: [String]
    private let trie: Trie
    private let words: BERTWords
    private let specials: SpecialTokens
    private let unknown: Int32
    private static let firstRoot: UInt32 = 0, continuingRoot: UInt32 = 1
    private static let longestWord = 100
    static let prefix = "##"

    /// Reads a `vocab.txt`: a token a line, whose number from 0 is its id.
    /// - Parameter lowercase: as the vocabulary was made; nil decides that it was unless it has tokens with capitals.
    public init(contentsOf path: String, lowercase: Bool? = nil) throws {
        try self.init(TokenizerFile(path: path), lowercase: lowercase)
    }

    /// A vocabulary at hand; the id of a token is its place.
    public init(tokens: [String], lowercase: Bool? = nil) throws {
        let text = tokens.map { $0 + "\n" }.joined()
        try self.init(TokenizerFile(path: "vocabulary", bytes: Array(text.utf8)), lowercase: lowercase)
    }

    init(_ file: TokenizerFile, lowercase: Bool?) throws {
        tokens = try Self.tokens(of: file)
        var trie = Trie(roots: 2)
        var specials: [String: Int32] = [:]
        for (id, token) in zip(Int32(0)..., tokens) {
            if Self.specialNames.contains(token) { specials[token] = id }
            let continues = token.utf8.starts(with: Self.prefix.utf8)
            let piece = token.utf8.dropFirst(continues ? Self.prefix.utf8.count : 0)
            if !piece.isEmpty { trie.insert(piece, root: continues ? Self.continuingRoot : Self.firstRoot, value: id) }
        }
        guard let padding = specials["[PAD]"] else { throw file.malformed("no [PAD] token; add it as a line of its own") }
        guard let unknown = specials["[UNK]"] else { throw file.malformed("no [UNK] token; add it as a line of its own") }
        self.trie = trie
        self.unknown = unknown
        self.specials = SpecialTokens(Self.specialNames.compactMap { name in specials[name].map { (Array(name.utf8), $0) } })
        self.lowercase = lowercase ?? !Self.hasCapitals(tokens)
        words = BERTWords(folds: self.lowercase)
        vocabulary = Vocabulary(
            size: tokens.count, padding: padding, unknown: unknown, start: specials["[CLS]"], end: specials["[SEP]"],
            mask: specials["[MASK]"])
    }

    /// The special tokens in the order that the trainer gives them.
    static let specialNames = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    private static func tokens(of file: TokenizerFile) throws -> [String] {
        var lines: [[UInt8]: Int] = [:]
        return try zip(1..., file.lines()).map { number, line in
            var bytes = Array(line.utf8)
            while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
            guard !bytes.isEmpty else { throw file.malformed(line: number, "an empty token; remove the line") }
            if let first = lines.updateValue(number, forKey: bytes) {
                throw file.malformed(line: number, "the token \(line) stands already in line \(first); every token has one id")
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func hasCapitals(_ tokens: [String]) -> Bool {
        tokens.contains { token in
            let isBracketed = token.utf8.first == UInt8(ascii: "[") && token.utf8.last == UInt8(ascii: "]")
            return !isBracketed && token.utf8.contains { $0 >= 65 && $0 <= 90 }
        }
    }

    public func pieces(of text: String, limit: Int = .max) -> [Int32] {
        trie.withReader { trie in
            specials.ids(of: text, limit: limit) { part, ids in
                words.forEach(in: part) { word, characters in
                    append(word, characters, to: &ids, trie)
                    return ids.count < limit
                }
            }
        }
    }

    private func append(_ word: UnsafeBufferPointer<UInt8>, _ characters: Int, to ids: inout [Int32], _ trie: TrieReader) {
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

    /// The pieces of a word joined, words with a space between them except before `.`, `?`, `!` and `,`, as Hugging Face's decoder does.
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

    public func id(of token: String) -> Int32? { tokens.firstIndex { $0.utf8.elementsEqual(token.utf8) }.map(Int32.init) }

    /// Writes a `vocab.txt`, a token a line.
    public func write(to path: String) throws {
        try TokenizerFile.write(tokens.map { $0 + "\n" }.joined(), to: path)
    }
}
