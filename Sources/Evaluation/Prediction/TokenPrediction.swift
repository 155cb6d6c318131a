/// How well tokens of held-out text are predicted: masked ones, or each next one.
public struct TokenPrediction: Sendable, Codable, Equatable {
    /// In nats a token; `ln V` at chance.
    public let crossEntropy: Double
    /// `e` to it; V at chance.
    public let perplexity: Double
    /// Fraction of the predicted tokens whose own logit was the largest.
    public let accuracy: Double
    /// Number of predicted tokens.
    public let tokens: Int
    /// Cross-entropy of the training text's distribution of single tokens on the same ones: what a model has to beat.
    public let unigramCrossEntropy: Double

    enum CodingKeys: String, CodingKey {
        case perplexity, accuracy, tokens
        case crossEntropy = "cross_entropy"
        case unigramCrossEntropy = "unigram_cross_entropy"
    }

    /// The metrics and their baseline.
    public init(crossEntropy: Double, perplexity: Double, accuracy: Double, tokens: Int, unigramCrossEntropy: Double) {
        (self.crossEntropy, self.perplexity, self.accuracy) = (crossEntropy, perplexity, accuracy)
        (self.tokens, self.unigramCrossEntropy) = (tokens, unigramCrossEntropy)
    }
}
