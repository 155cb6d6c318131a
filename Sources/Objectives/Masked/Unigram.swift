public import ConcordLayers
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// The distribution of single tokens in a text with add-one smoothing: a baseline for language models.
///
/// ```swift
/// var unigram = Unigram(size: vocabulary.size)
/// for batch in training { unigram.add(batch) }
/// // On the tokens that `mlm.evaluate` masks:
/// let baseline = unigram.evaluate(heldOut, masking: .bert, vocabulary: vocabulary)
/// ```
public struct Unigram: Sendable {
    private var counts: [Int]
    private var total: Int
    private let excluded: Set<Int32>

    /// - Parameters:
    ///   - size: number V of tokens.
    ///   - excluded: ids that are not counted, such as start and end tokens, which are never masked.
    public init(size: Int, excluding excluded: Set<Int32> = []) {
        (counts, total, self.excluded) = ([Int](repeating: 1, count: size), size, excluded)
    }

    /// Counts real tokens.
    public mutating func add(_ tokens: Tokens) {
        for (id, isReal) in zip(tokens.ids.integerScalars, tokens.mask.bytes) where isReal != 0 { add(id) }
    }

    /// Counts tokens.
    public mutating func add(_ ids: some Sequence<Int32>) { for id in ids { add(id) } }

    private mutating func add(_ id: Int32) {
        guard !excluded.contains(id) else { return }
        counts[Int(id)] += 1
        total += 1
    }

    /// `-ln p` of a token.
    public func nats(_ id: Int32) -> Double { log(Double(total) / Double(counts[Int(id)])) }

    /// The metrics of this distribution on the tokens that `MaskedLanguageModel.evaluate` masks in the same texts with
    /// the same seed.
    public func evaluate(
        _ batches: some Sequence<Tokens>, masking: Masking, vocabulary: Vocabulary, seed: UInt64 = 1
    ) -> TokenMetrics {
        var metrics = TokenMetrics(), heldOut = HeldOutMasking(masking, vocabulary, seed: seed)
        for tokens in batches {
            metrics += self.metrics(of: heldOut.next(tokens).targets.integerScalars)
        }
        return metrics
    }

    /// The metrics of this distribution on some tokens.
    func metrics(of targets: [Int32]) -> TokenMetrics {
        let best = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) }.map(Int32.init)
        return TokenMetrics(
            nats: targets.reduce(0) { $0 + nats($1) }, count: targets.count, correct: targets.count { $0 == best })
    }
}
