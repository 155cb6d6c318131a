import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Metrics of predicted tokens (masked ones, or next ones), accumulated over texts.
public struct TokenMetrics: Sendable, Equatable {
    /// Sum of the cross-entropies.
    public private(set) var nats = 0.0
    /// Number of predicted tokens.
    public private(set) var count = 0
    /// Number of predicted tokens that had the largest logit.
    public private(set) var correct = 0

    /// Of no token.
    public init() {}

    init(nats: Double, count: Int, correct: Int) { (self.nats, self.count, self.correct) = (nats, count, correct) }

    /// Adds the metrics of further texts.
    public static func += (a: inout TokenMetrics, b: TokenMetrics) {
        a.nats += b.nats
        a.count += b.count
        a.correct += b.correct
    }

    /// In nats a token; `ln V` at chance. NaN where nothing was predicted.
    public var crossEntropy: Double { nats / Double(count) }
    /// `e` to the cross-entropy; V at chance.
    public var perplexity: Double { exp(crossEntropy) }
    /// The fraction predicted correctly, in `0 ... 1`.
    public var accuracy: Double { Double(correct) / Double(count) }
}

extension Loss {
    /// This loss with the perplexity of its mean, unless it has no metric: no token was predicted then.
    var withPerplexity: Loss {
        guard !metrics.isEmpty else { return self }
        return Loss(total, metrics: metrics + [("perplexity", total.detached.exp())])
    }
}
