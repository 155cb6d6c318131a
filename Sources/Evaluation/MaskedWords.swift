/// How well the hidden tokens of held-out text were told.
public struct MaskedWords: Sendable, Codable, Equatable {
    /// In nats a token; `ln V` at chance.
    public let crossEntropy: Double
    /// `e` to it; V at chance.
    public let perplexity: Double
    /// Share of the hidden tokens whose own score was the largest.
    public let accuracy: Double
    /// Number of hidden tokens.
    public let tokens: Int
    /// Cross-entropy of the training text's distribution of single tokens on the same ones: what a model has to beat.
    public let unigramCrossEntropy: Double

    enum CodingKeys: String, CodingKey {
        case perplexity, accuracy, tokens
        case crossEntropy = "cross_entropy"
        case unigramCrossEntropy = "unigram_cross_entropy"
    }

    public init(crossEntropy: Double, perplexity: Double, accuracy: Double, tokens: Int, unigramCrossEntropy: Double) {
        (self.crossEntropy, self.perplexity, self.accuracy) = (crossEntropy, perplexity, accuracy)
        (self.tokens, self.unigramCrossEntropy) = (tokens, unigramCrossEntropy)
    }
}
