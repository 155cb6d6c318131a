/// Multiply-adds by kind of operation, forward and backward alike.
///
/// ```swift
/// let (gradients, count) = MultiplyAdds.counting { valueWithGradient { objective(batch) }.1 }
/// print(count.convolution, count.total, 2 * count.total)                 // the last: floating-point operations
/// ```
///
/// Each call of an operation counts the products that its formula has: of a convolution those of the direct one,
/// whatever method computes it and padding included; of attention the pairs of a query and a key that it may see,
/// without the scores that the backward pass computes again. InfoNCE's logits count each time that they are computed:
/// once where ``LogitMemory`` keeps them; and so does what microbatches and checkpointed parts compute twice.
/// Elementwise operations, normalizations, pooling, lookups and Fourier transforms count nothing; nor do probes,
/// clusters and searches, which are no part of a training step.
public struct MultiplyAdds: Sendable, Equatable {
    /// What a product belongs to.
    public enum Kind: String, Sendable, CaseIterable {
        /// Convolutions and transposed convolutions of one and two dimensions.
        case convolution
        /// Linear layers, matrix products, logits of contrastive losses and of vocabularies.
        case matmul
        /// Scores of queries and keys, and sums of values.
        case attention
        /// The part of GRU's and LSTM's gates that comes from the state.
        case recurrent
    }

    /// Of convolutions.
    public var convolution = 0
    /// Of linear layers and other matrix products.
    public var matmul = 0
    /// Of attention.
    public var attention = 0
    /// Of recurrent layers.
    public var recurrent = 0

    /// None.
    public init() {}

    /// Those of a kind.
    public subscript(kind: Kind) -> Int {
        get {
            switch kind {
            case .convolution: convolution
            case .matmul: matmul
            case .attention: attention
            case .recurrent: recurrent
            }
        }
        set {
            switch kind {
            case .convolution: convolution = newValue
            case .matmul: matmul = newValue
            case .attention: attention = newValue
            case .recurrent: recurrent = newValue
            }
        }
    }

    /// Of all kinds.
    public var total: Int { Kind.allCases.reduce(0) { Self.sum($0, self[$1]) } }

    /// The sums by kind; `Int.max` where one exceeds it.
    public static func + (a: MultiplyAdds, b: MultiplyAdds) -> MultiplyAdds {
        var result = MultiplyAdds()
        for kind in Kind.allCases { result[kind] = sum(a[kind], b[kind]) }
        return result
    }

    /// The difference by kind.
    package static func - (a: MultiplyAdds, b: MultiplyAdds) -> MultiplyAdds {
        var result = MultiplyAdds()
        for kind in Kind.allCases { result[kind] = a[kind] &- b[kind] }
        return result
    }

    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver ? .max : sum
    }

    /// Runs `body` and returns what it counted on this thread, which is where an operation counts all of its products,
    /// those of the thread pool included.
    public static func counting<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> (R, MultiplyAdds) {
        let before = ofThisThread
        let result = try body()
        return (result, ofThisThread - before)
    }

    /// What this thread counted since it started.
    package static var ofThisThread: MultiplyAdds { Context.multiplyAdds }

    /// Counts one operation's.
    package static func count(_ kind: Kind, _ number: Int) { Context.multiplyAdds[kind] &+= number }
}
