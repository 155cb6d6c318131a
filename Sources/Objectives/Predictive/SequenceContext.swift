import ConcordLayers
import ConcordTensors

/// A sequence encoder with the context network over its features: what predictive objectives have in common.
///
/// In checkpoints: `encoder.…` and `context.…`.
final class SequenceContext<E: SequenceEncoder>: Module {
    let encoder: E
    /// Nil: the encoder's own context.
    let context: (any SequenceLayer)?

    init(_ encoder: E, context: (any SequenceLayer)?) { (self.encoder, self.context) = (encoder, context) }

    /// Size D of a context vector.
    var outputDimension: Int { context?.outputDimension ?? encoder.outputDimension }

    /// - Parameters:
    ///   - features: `[N, T, C]`, of the encoder.
    ///   - mask: uint8 `[N, T]`, 1 for real frames; nil: all are.
    /// - Returns: `[N, T, D]`.
    func callAsFunction(_ features: Tensor, mask: Tensor?) -> Tensor {
        context?(features, mask: mask) ?? encoder.context(features, mask: mask)
    }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`; zeros for a sequence without any.
    func embed(_ input: E.Input) -> Tensor {
        let (features, mask) = encoder.features(input)
        return self(features, mask: mask).meanOfSteps(mask: mask)
    }
}

extension Tensor {
    /// The mean of the real steps of sequences `[N, T, D]`, `[N, D]`; zeros where there are none.
    /// - Parameter mask: uint8 `[N, T]`, 1 for real steps; nil: all are.
    fileprivate func meanOfSteps(mask: Tensor?) -> Tensor {
        guard let mask else { return mean(axis: 1) }
        let weights = mask.converted(to: .float32).expandingAxis(at: 2)  // [N, T, 1]
        return (mask.expandingAxis(at: 2).selecting(self, otherwise: 0)).sum(axis: 1)
            / weights.sum(axis: 1).maximum(Tensor(1))
    }
}
