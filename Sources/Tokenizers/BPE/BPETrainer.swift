/// Makes a byte-level BPE of a text: all 256 bytes, then the most frequent pairs.
///
/// ```swift
/// let tokenizer = try BPETrainer(size: 8192).train(files: ["captions.txt"])
/// try tokenizer.write(to: "tokenizer.json")
/// ```
///
/// Vocabulary and merges are those of Hugging Face's `ByteLevelBPETokenizer.train` on the same text; of equally
/// frequent pairs the one with the smaller ids merges first.
public struct BPETrainer: Sendable {
    /// Number of tokens wanted; a short text gives fewer.
    public var size: Int
    /// A pair that occurs less often does not become a token.
    public var minimumFrequency: Int
    /// They get the first ids.
    public var specials: BPESpecials

    /// - Parameters:
    ///   - size: number of tokens wanted, at least 256 and the special ones.
    ///   - minimumFrequency: of a pair that becomes a token.
    ///   - specials: they get the first ids.
    public init(size: Int = 8192, minimumFrequency: Int = 2, specials: BPESpecials = BPESpecials()) {
        self.size = size
        self.minimumFrequency = minimumFrequency
        self.specials = specials
    }

    /// Trains on text files, line by line; the ends of lines are part of them.
    public func train(files: [String]) throws -> BPETokenizer {
        try train(WordCounts(files: files, by: GPT2Words()), from: files)
    }

    /// Trains on texts in memory.
    public func train(texts: some Sequence<String>) throws -> BPETokenizer {
        try train(WordCounts(texts: texts, by: GPT2Words()), from: [])
    }

    private func train(_ counts: WordCounts, from files: [String]) throws -> BPETokenizer {
        guard size <= MergeLearner.sizeLimit else {
            throw TokenizerError.sizeTooLarge(size: size, limit: MergeLearner.sizeLimit)
        }
        guard !counts.isEmpty else { throw TokenizerError.noText(paths: files) }
        let names = specials.names
        let tokens = names + ByteAlphabet.sorted.map { ByteAlphabet.write([$0]) }
        guard tokens.count <= size else {
            throw TokenizerError.sizeTooSmall(size: size, needed: tokens.count, alphabetLimit: nil)
        }
        var ids = [Int32](repeating: 0, count: 256)
        for (byte, id) in zip(ByteAlphabet.sorted, Int32(names.count)...) { ids[Int(byte)] = id }
        var learner = MergeLearner(
            tokens: tokens.map { Array($0.utf8) }, prefix: [],
            words: counts.sorted.map { word in TrainingWord(symbols: word.word.map { ids[Int($0)] }, count: word.count)
            })
        learner.learn(size: size, minimumFrequency: minimumFrequency)
        let written = learner.tokens.map { String(decoding: $0, as: UTF8.self) }
        let merges = learner.merges.map { "\(written[$0.left]) \(written[$0.right])" }
        return BPETokenizer(
            try BPEParts(tokens: written, merges: merges, specials: specials) { _, problem in
                .malformed(path: files.first ?? "vocabulary", line: nil, problem: problem)
            })
    }
}
