#if canImport(Glibc)
    import Glibc
#endif
import ConcordTokenizers

extension Recipe {
    /// The tokenizer that the recipe names: a built-in one, a file in the data directory, or any file.
    func loadTokenizer(data: String) throws -> any Tokenizer {
        switch tokenizer {
        case "english-wordpiece": return WordPieceTokenizer.english()
        case "english-bpe": return BPETokenizer.english()
        default:
            let beside = PairTable.join(data, tokenizer)
            return try Tokenizers.load(access(beside, F_OK) == 0 ? beside : tokenizer)
        }
    }
}
