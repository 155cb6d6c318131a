#if canImport(Glibc)
    import Glibc
#endif

/// How well hidden tokens were told, added up over texts.
public struct MaskedTokenMetrics: Sendable, Equatable {
    /// Sum of the cross-entropies.
    public private(set) var nats = 0.0
    /// Number of hidden tokens.
    public private(set) var count = 0
    /// How many of them had the largest score.
    public private(set) var correct = 0

    public init() {}

    init(nats: Double, count: Int, correct: Int) { (self.nats, self.count, self.correct) = (nats, count, correct) }

    public static func += (a: inout MaskedTokenMetrics, b: MaskedTokenMetrics) {
        a.nats += b.nats
        a.count += b.count
        a.correct += b.correct
    }

    /// In nats a token; `ln V` at chance. NaN where nothing was hidden.
    public var crossEntropy: Double { nats / Double(count) }
    /// `e` to it; V at chance.
    public var perplexity: Double { exp(crossEntropy) }
    /// The share told rightly.
    public var accuracy: Double { Double(correct) / Double(count) }
}
