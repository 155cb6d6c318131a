public import ConcordLayers
public import ConcordTensors

extension MaskedLanguageModel: MicrobatchedObjective {
    /// The mean over the hidden tokens of all pieces.
    public func lossWithGradient(of tokens: Tokens, microbatch: Int) -> (Loss, Gradients) {
        let masked = masking(tokens, vocabulary: encoder.vocabulary, keys: Computation.sampleKeys(count: tokens.count))
        let (loss, gradients) = Microbatches(of: tokens.count, atMost: microbatch).meanWithGradient { rows in
            let piece = masked.rows(in: rows)
            return (self(piece), weight: Double(piece.count))
        }
        let parts = loss.parts.map { ($0.name, value: $0.name == "perplexity" ? loss.total.exp() : $0.value) }
        return (Loss(loss.total, parts: parts), gradients)
    }
}

extension MaskedTokens {
    /// Some of the texts with what is hidden in them.
    func rows(in range: Range<Int>) -> MaskedTokens {
        let length = tokens.length, places = range.lowerBound * length..<range.upperBound * length
        let kept = zip(positions.integerScalars, targets.integerScalars).filter { places.contains(Int($0.0)) }
        return MaskedTokens(
            tokens: tokens.rows(in: range),
            positions: Tensor(kept.map { $0.0 - Int32(places.lowerBound) }, shape: [kept.count]),
            targets: Tensor(kept.map(\.1), shape: [kept.count]))
    }
}
