#if canImport(Glibc)
    import Glibc
#endif

/// Metrics of masked-token prediction, accumulated over texts.
public struct MaskedTokenMetrics: Sendable, Equatable {
    /// Sum of the cross-entropies.
    public private(set) var nats = 0.0
    /// Number of masked tokens.
    public private(set) var count = 0
    /// Number of masked tokens whose token had the largest logit.
    public private(set) var correct = 0

    /// Of no token.
    public init() {}

    init(nats: Double, count: Int, correct: Int) { (self.nats, self.count, self.correct) = (nats, count, correct) }

    /// Adds the metrics of further texts.
    public static func += (a: inout MaskedTokenMetrics, b: MaskedTokenMetrics) {
        a.nats += b.nats
        a.count += b.count
        a.correct += b.correct
    }

    /// In nats a token; `ln V` at chance. NaN where nothing was masked.
    public var crossEntropy: Double { nats / Double(count) }
    /// `e` to the cross-entropy; V at chance.
    public var perplexity: Double { exp(crossEntropy) }
    /// The fraction predicted correctly, in `0 ... 1`.
    public var accuracy: Double { Double(correct) / Double(count) }
}
