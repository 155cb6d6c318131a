/// `tokenizer`: how texts become ids.
///
/// ```yaml
/// tokenizer: vocab.txt
/// tokenizer: {file: vocab.txt, lowercase: false, strip_accents: false}
/// ```
public struct TokenizerSettings: Sendable {
    /// A file beside the data, or `english-wordpiece` or `english-bpe`; empty where no text is read.
    public let file: String
    /// Whether a WordPiece tokenizer makes text lower case, and strips accents; nil for what its file states, or else a
    /// guess from its tokens.
    public let lowercase, stripsAccents: Bool?

    static let none = TokenizerSettings()

    private init() { (file, lowercase, stripsAccents) = ("", nil, nil) }

    /// - Parameter fields: the recipe's.
    init(_ fields: Fields) throws {
        let builtIn = "english-wordpiece", meaning = "english-wordpiece, english-bpe, or a tokenizer's file."
        guard fields.hasKeys("tokenizer") else {
            file = try fields.string(
                "tokenizer", default: builtIn, meaning + " Or keys: {file, lowercase, strip_accents}.")
            (lowercase, stripsAccents) = (nil, nil)
            return
        }
        let inner = try fields.fields("tokenizer", "How texts become ids.")
        file = try inner.string("file", default: builtIn, meaning)
        lowercase = try inner.flag(
            "lowercase",
            """
                Whether a WordPiece tokenizer makes text lower case; by default what its file states, or a guess from \
                its tokens.
                """
        )
        stripsAccents = try inner.flag(
            "strip_accents", "Whether a WordPiece tokenizer strips accents; by default as lowercase.")
    }
}
