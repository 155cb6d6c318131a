public import ConcordLayers
public import ConcordTensors

extension MaskedLanguageModel: MicrobatchedObjective {
    /// The mean over the masked tokens of all microbatches.
    public func lossWithGradient(of tokens: Tokens, microbatch: Int) -> (Loss, Gradients) {
        let masked = masking(tokens, vocabulary: encoder.vocabulary, keys: Computation.sampleKeys(count: tokens.count))
        let (loss, gradients) = Microbatches(of: tokens.count, atMost: microbatch).meanWithGradient { rows in
            let part = masked.rows(in: rows)
            return (mean(part), weight: Double(part.count))
        }
        return (loss.withPerplexity, gradients)
    }
}

extension MaskedTokens {
    /// The texts in a range with their masked tokens.
    func rows(in range: Range<Int>) -> MaskedTokens {
        let length = tokens.length, covered = range.lowerBound * length..<range.upperBound * length
        let kept = zip(positions.integerScalars, targets.integerScalars).filter { covered.contains(Int($0.0)) }
        return MaskedTokens(
            tokens: tokens.rows(in: range),
            positions: Tensor(kept.map { $0.0 - Int32(covered.lowerBound) }, shape: [kept.count]),
            targets: Tensor(kept.map(\.1), shape: [kept.count]))
    }
}
