#if canImport(Glibc)
    import Glibc
#endif
import ConcordDatasets
import ConcordFiles
import ConcordLayers
import ConcordTokenizers

extension Recipe {
    /// The tokenizer that the recipe names: a built-in one, a file in the data directory, or any file.
    /// - Returns: nil where the recipe reads no text.
    func loadTokenizer(data: String) throws -> (any Tokenizer)? {
        guard !tokenizer.isEmpty else { return nil }
        let settings = tokenizerSettings, beside = Paths.join(data, tokenizer)
        let isBeside = !Tokenizers.builtIn.contains(tokenizer) && PathEncoding.isThere(beside)
        do {
            return try Tokenizers.named(
                isBeside ? beside : tokenizer, lowercase: settings.lowercase, stripsAccents: settings.stripsAccents)
        } catch let error as TokenizerError {
            guard case .unknown = error else { throw error }
            throw RecipeError.data(message: "tokenizer: \(error); it is looked for in \(data) first")
        }
    }
}

extension Recipe {
    /// - Throws: `RecipeError` where there is no directory `data`.
    static func requireDirectory(_ data: String) throws {
        var status = stat()
        guard PathEncoding.withCString(data, { stat($0, &status) }) == 0 else {
            throw RecipeError.unreadable(path: data, reason: "the data directory is not there")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw RecipeError.notADirectory(path: data)
        }
    }
}

extension RunDirectory {
    /// The tokenizer that the run was trained with.
    func loadTokenizer() throws -> any Tokenizer {
        let tokenizer = try Tokenizers.load(self.tokenizer)
        guard tokenizer.guessedNormalization != nil else { return tokenizer }
        // The run is from a version that stored the tokens alone, and decided by ASCII capitals.
        let isCased = tokenizer.tokens((0..<Int32(tokenizer.vocabulary.size)).map { $0 }).contains { token in
            let isBracketed = token.hasPrefix("[") && token.hasSuffix("]")
            return !isBracketed && token.utf8.contains { $0 >= 65 && $0 <= 90 }
        }
        return try Tokenizers.load(self.tokenizer, lowercase: !isCased)
    }
}
