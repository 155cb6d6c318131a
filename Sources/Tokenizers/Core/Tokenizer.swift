public import ConcordLayers
import ConcordTensors

/// Text to ids and back.
///
/// ```swift
/// let tokenizer = WordPieceTokenizer.english()
/// let ids = tokenizer.encode("a red ball")                                    // [CLS] a red ball [SEP]
/// let batch = tokenizer.encode(["a red ball", "two cats"], length: 16)        // ids and mask [2, 16]
/// ```
///
/// Any `String` can be encoded, the empty one gives the start and end tokens alone. Bytes that are not UTF-8 become
/// text before they get here: `String(decoding: bytes, as: UTF8.self)` puts U+FFFD in place of what is broken, and so
/// do the trainers with their files.
///
/// A special token's name in a text (`[MASK]`, `<mask>`) is text like any other, unless `SpecialText.parsed` requests
/// its id.
///
/// Tokenizers are values without caches: they may be used from any number of threads, and their size stays as it is.
public protocol Tokenizer: Sendable {
    /// Number of ids, and the special ones.
    var vocabulary: Vocabulary { get }

    /// The ids of the text alone, without start and end token.
    /// - Parameters:
    ///   - limit: the most ids to return; the text is read no further than they reach.
    ///   - special: what names of special tokens in the text become.
    func subwords(of text: String, limit: Int, special: SpecialText) -> [Int32]

    /// The ids of the text alone, each with the characters that it was made of.
    ///
    /// Offsets count Unicode scalars of `text`, as Hugging Face's in Python do. Slower than `subwords`, which it agrees
    /// with.
    func alignedSubwords(of text: String, special: SpecialText) -> [AlignedSubword]

    /// Whether a token continues the word of the token before it: `##ing`, or of a byte-level BPE one without a leading
    /// space.
    func continuesWord(_ id: Int32) -> Bool

    /// The normalization that the vocabulary's file does not state and that was guessed from its tokens; nil where
    /// nothing was guessed.
    var guessedNormalization: BERTNormalization? { get }

    /// The text of ids; special ones are left out, ids outside of the vocabulary become U+FFFD.
    func decode(_ ids: [Int32]) -> String

    /// The token as its file writes it (`##ing`, `Ġthe`); nil outside of the vocabulary.
    func token(_ id: Int32) -> String?

    /// Id of a token written as its file writes it; nil where it has none. Takes a pass over the vocabulary.
    func id(of token: String) -> Int32?

    /// Writes the file that `Tokenizers.load` reads back; it appears complete or not at all.
    func write(to path: String) throws
}

/// What the name of a special token that is written in a text (`[MASK]`, `<mask>`) becomes.
public enum SpecialText: String, Sendable, CaseIterable {
    /// Text like any other, cut into subwords: what users write cannot put special tokens into a batch.
    case plain
    /// The special token's id.
    case parsed
}

/// An id with the characters that it was made of.
public struct AlignedSubword: Hashable, Sendable {
    /// The token.
    public let id: Int32
    /// Unicode scalars of the text, from 0.
    public let characters: Range<Int>

    /// - Parameters:
    ///   - id: the token.
    ///   - characters: Unicode scalars of the text, from 0.
    public init(id: Int32, characters: Range<Int>) { (self.id, self.characters) = (id, characters) }
}

extension Tokenizer {
    public var guessedNormalization: BERTNormalization? { nil }

    /// The ids of the text alone, without start and end token.
    public func subwords(of text: String, limit: Int = .max) -> [Int32] {
        subwords(of: text, limit: limit, special: .plain)
    }

    /// The ids of a text between start and end token, where the vocabulary has them.
    public func encode(_ text: String, special: SpecialText = .plain) -> [Int32] {
        encode(text, limit: .max, special: special)
    }

    /// The ids of `encode`, each with the characters that it was made of; start and end token have none, `0..<0`.
    public func aligned(_ text: String, special: SpecialText = .plain) -> [AlignedSubword] {
        let edge = { (id: Int32?) in id.map { [AlignedSubword(id: $0, characters: 0..<0)] } ?? [] }
        return edge(vocabulary.start) + alignedSubwords(of: text, special: special) + edge(vocabulary.end)
    }

    /// By id, whether a token continues the word of the token before it: what masking whole words needs.
    public var wordContinuations: [Bool] { (0..<Int32(vocabulary.size)).map(continuesWord) }

    /// Ids and mask of several texts `[N, length]`: longer ones are cut before the end token, shorter ones padded.
    /// - Parameter length: T, at least the number of start and end tokens.
    public func encode(_ texts: [String], length: Int) -> Tokens {
        Tokens(texts.map { encode($0, limit: length) }, length: length, padding: vocabulary.padding)
    }

    /// The tokens behind ids, as their file writes them.
    public func tokens(_ ids: [Int32]) -> [String] { ids.map { token($0) ?? "\u{FFFD}" } }

    /// The ids of a text between start and end token; one that is longer is cut before the end token.
    /// - Parameter limit: the most ids, at least the number of start and end tokens.
    public func encode(_ text: String, limit: Int, special: SpecialText = .plain) -> [Int32] {
        ShapeCheck.require(
            limit >= edges, "encode", "length \(limit) has no room for the \(edges) start and end tokens")
        let subwords = subwords(of: text, limit: limit - edges, special: special)
        guard edges > 0 else { return subwords }
        var ids: [Int32] = []
        ids.reserveCapacity(subwords.count + 2)
        if let start = vocabulary.start { ids.append(start) }
        ids += subwords
        if let end = vocabulary.end { ids.append(end) }
        return ids
    }

    /// Number of start and end tokens around a text.
    public var edges: Int { (vocabulary.start == nil ? 0 : 1) + (vocabulary.end == nil ? 0 : 1) }
}
