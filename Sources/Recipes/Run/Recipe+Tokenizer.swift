#if canImport(Glibc)
    import Glibc
#endif
import ConcordDatasets
import ConcordTokenizers

extension Recipe {
    /// The tokenizer that the recipe names: a built-in one, a file in the data directory, or any file.
    /// - Returns: nil where the recipe reads no text.
    func loadTokenizer(data: String) throws -> (any Tokenizer)? {
        switch tokenizer {
        case "": return nil
        case "english-wordpiece": return WordPieceTokenizer.english()
        case "english-bpe": return BPETokenizer.english()
        default:
            let beside = Paths.join(data, tokenizer)
            return try Tokenizers.load(access(beside, F_OK) == 0 ? beside : tokenizer)
        }
    }
}
