/// Makes a WordPiece vocabulary of a text: characters, then the most frequent pairs of subwords, as Hugging Face's
/// trainer does.
///
/// ```swift
/// let tokenizer = try WordPieceTrainer(size: 8192).train(files: ["captions.txt"])
/// try tokenizer.write(to: "vocab.txt")
/// ```
///
/// The same text gives the same vocabulary: of equally frequent pairs the one with the smaller ids merges first, and
/// first characters have smaller ids than continuing ones, both in the order of their code points. (Hugging Face
/// numbers the latter in the random order of a hash table, so that its vocabularies differ a little from run to run.)
public struct WordPieceTrainer: Sendable {
    /// Number of tokens wanted; a short text gives fewer.
    public var size: Int
    /// A pair that occurs less often does not become a token.
    public var minimumFrequency: Int
    /// The most characters to keep, the most frequent ones; words lose the rest.
    public var alphabetLimit: Int
    /// What becomes of case and accents before words are counted.
    public var normalization: BERTNormalization

    /// - Parameters:
    ///   - size: number of tokens wanted.
    ///   - minimumFrequency: of a pair that becomes a token.
    ///   - alphabetLimit: the most characters to keep.
    ///   - normalization: what becomes of case and accents.
    public init(
        size: Int = 8192, minimumFrequency: Int = 2, alphabetLimit: Int = 1000,
        normalization: BERTNormalization = BERTNormalization()
    ) {
        self.size = size
        self.minimumFrequency = minimumFrequency
        self.alphabetLimit = alphabetLimit
        self.normalization = normalization
    }

    /// Trains on text files, line by line.
    public func train(files: [String]) throws -> WordPieceTokenizer {
        try train(WordCounts(files: files, by: BERTWords(normalization)), from: files)
    }

    /// Trains on texts in memory.
    public func train(texts: some Sequence<String>) throws -> WordPieceTokenizer {
        try train(WordCounts(texts: texts, by: BERTWords(normalization)), from: [])
    }

    private func train(_ counts: WordCounts, from files: [String]) throws -> WordPieceTokenizer {
        guard size <= MergeLearner.sizeLimit else {
            throw TokenizerError.sizeTooLarge(size: size, limit: MergeLearner.sizeLimit)
        }
        guard !counts.isEmpty else { throw TokenizerError.noText(paths: files) }
        let words = counts.sorted.map {
            (scalars: Array(String(decoding: $0.word, as: UTF8.self).unicodeScalars), count: $0.count)
        }
        let alphabet = alphabet(of: words)
        var tokens = WordPieceTokenizer.specialNames.map { Array($0.utf8) } + alphabet.sorted().map { Array($0.utf8) }
        let first = Dictionary(zip(alphabet.sorted(), Int32(WordPieceTokenizer.specialNames.count)...)) { a, _ in a }
        let kept = words.map { word in
            (scalars: word.scalars.enumerated().filter { alphabet.contains($0.element) }, count: word.count)
        }
        let continuing = Set(kept.flatMap { $0.scalars.filter { $0.offset > 0 }.map(\.element) }).sorted()
        let later = Dictionary(zip(continuing, Int32(tokens.count)...)) { a, _ in a }
        tokens += continuing.map { Array(WordPieceTokenizer.prefix.utf8) + Array($0.utf8) }
        guard tokens.count <= size else { throw tooSmall(needed: tokens.count) }
        var learner = MergeLearner(
            tokens: tokens, prefix: Array(WordPieceTokenizer.prefix.utf8),
            words: kept.map { word in
                TrainingWord(
                    symbols: word.scalars.compactMap { $0.offset == 0 ? first[$0.element] : later[$0.element] },
                    count: word.count)
            })
        learner.learn(size: size, minimumFrequency: minimumFrequency)
        return try WordPieceTokenizer(
            tokens: learner.tokens.map { String(decoding: $0, as: UTF8.self) },
            lowercase: normalization.lowercase, stripsAccents: normalization.stripsAccents)
    }

    /// Every character may need two tokens, one that starts a word and one that continues it.
    private func tooSmall(needed: Int) -> TokenizerError {
        let specials = WordPieceTokenizer.specialNames.count
        return .sizeTooSmall(size: size, needed: needed, alphabetLimit: (max(size, specials) - specials) / 2)
    }

    /// The most frequent characters; of equally frequent ones those with the smaller code points.
    private func alphabet(of words: [(scalars: [Unicode.Scalar], count: Int)]) -> Set<Unicode.Scalar> {
        var counts: [Unicode.Scalar: Int] = [:]
        for word in words { for scalar in word.scalars { counts[scalar, default: 0] += word.count } }
        return Set(counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(max(0, alphabetLimit)).map(\.key))
    }
}

extension Unicode.Scalar {
    fileprivate var utf8: [UInt8] { Array(String(self).utf8) }
}
