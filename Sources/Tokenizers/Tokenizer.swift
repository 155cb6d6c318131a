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
/// Any `String` can be encoded, the empty one gives the start and end tokens alone. Bytes that are not UTF-8 become text before they get
/// here: `String(decoding: bytes, as: UTF8.self)` puts U+FFFD in place of what is broken, and so do the trainers with their files.
///
/// Tokenizers are values without caches: they may be used from any number of threads, and their size stays as it is.
public protocol Tokenizer: Sendable {
    /// Number of ids, and the special ones.
    var vocabulary: Vocabulary { get }

    /// The ids of the text alone, without start and end token.
    ///
    /// A special token that stands literally in the text (`[MASK]`, `<mask>`) becomes its id.
    /// - Parameter limit: the most ids to return; the text is read no further than they reach.
    func pieces(of text: String, limit: Int) -> [Int32]

    /// The text of ids; special ones are left out, ids outside of the vocabulary become U+FFFD.
    func decode(_ ids: [Int32]) -> String

    /// The token as its file writes it (`##ing`, `Ġthe`); nil outside of the vocabulary.
    func token(_ id: Int32) -> String?

    /// Id of a token written as its file writes it; nil where it has none. Takes a pass over the vocabulary.
    func id(of token: String) -> Int32?

    /// Writes the file that `Tokenizers.load` reads back; it appears complete or not at all.
    func write(to path: String) throws
}

extension Tokenizer {
    /// The ids of a text between start and end token, where the vocabulary has them.
    public func encode(_ text: String) -> [Int32] { encode(text, limit: .max) }

    /// Ids and mask of several texts `[N, length]`: longer ones are cut before the end token, shorter ones padded.
    /// - Parameter length: T, at least the number of start and end tokens.
    public func encode(_ texts: [String], length: Int) -> Tokens {
        Tokens(texts.map { encode($0, limit: length) }, length: length, padding: vocabulary.padding)
    }

    /// The tokens behind ids, as their file writes them.
    public func tokens(_ ids: [Int32]) -> [String] { ids.map { token($0) ?? "\u{FFFD}" } }

    /// The ids of a text between start and end token; one that is longer is cut before the end token.
    /// - Parameter limit: the most ids, at least the number of start and end tokens.
    public func encode(_ text: String, limit: Int) -> [Int32] {
        ShapeCheck.require(limit >= edges, "encode", "length \(limit) has no room for the \(edges) start and end tokens")
        let pieces = pieces(of: text, limit: limit - edges)
        guard edges > 0 else { return pieces }
        var ids: [Int32] = []
        ids.reserveCapacity(pieces.count + 2)
        if let start = vocabulary.start { ids.append(start) }
        ids += pieces
        if let end = vocabulary.end { ids.append(end) }
        return ids
    }

    private var edges: Int { (vocabulary.start == nil ? 0 : 1) + (vocabulary.end == nil ? 0 : 1) }
}
