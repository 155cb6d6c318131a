import ConcordFiles

import ConcordLayers
#if canImport(Glibc)
    import Glibc
#endif

/// Reads tokenizers of any kind.
public enum Tokenizers {
    /// Names of the vocabularies that are part of the program.
    public static let builtIn = ["english-wordpiece", "english-bpe"]

    /// A built-in tokenizer by its name, or one from a file.
    /// - Throws: `TokenizerError`, which names file and line.
    public static func named(_ name: String, lowercase: Bool? = nil, stripsAccents: Bool? = nil) throws -> any Tokenizer
    {
        let isDefault = lowercase == nil && stripsAccents == nil
        switch name {
        case "english-wordpiece":
            let english = WordPieceTokenizer.english()
            return isDefault
                ? english
                : try WordPieceTokenizer(
                    tokens: english.tokens, lowercase: lowercase ?? true, stripsAccents: stripsAccents)
        case "english-bpe":
            guard isDefault else { throw TokenizerError.keepsText(name: name) }
            return BPETokenizer.english()
        default:
            guard PathEncoding.isThere(name) else { throw TokenizerError.unknown(name: name) }
            return try load(name, lowercase: lowercase, stripsAccents: stripsAccents)
        }
    }

    /// Reads a tokenizer's file, by its contents: what `write` made, Hugging Face's `tokenizer.json` (WordPiece or
    /// byte-level BPE), their `vocab.json` with `merges.txt` beside it, or the `vocab.txt` of a WordPiece tokenizer.
    /// - Parameters:
    ///   - lowercase: whether a WordPiece tokenizer makes text lower case; nil takes what the file states or a guess
    ///     from its tokens.
    ///   - stripsAccents: likewise; nil does as `lowercase` does where that is given.
    /// - Throws: `TokenizerError`, which names file and line.
    public static func load(_ path: String, lowercase: Bool? = nil, stripsAccents: Bool? = nil) throws -> any Tokenizer
    {
        let file = try TokenizerFile(path: path)
        if let foreign = file.foreign { throw foreign }
        let normalizing = Normalizing(lowercase: lowercase, stripsAccents: stripsAccents)
        guard file.isJSON else { return try WordPieceTokenizer(file, normalizing) }
        switch try JSONKind(of: file) {
        case .wordPiece, .tokenizerJSON("WordPiece"): return try WordPieceTokenizer(file, normalizing)
        case .bpe, .vocabulary, .tokenizerJSON("BPE"):
            guard lowercase == nil, stripsAccents == nil else { throw TokenizerError.keepsText(name: path) }
            return try BPETokenizer(file)
        case .tokenizerJSON(let model):
            throw file.malformed("a tokenizer.json whose model is \(model); WordPiece and byte-level BPE are read")
        }
    }
}
