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
        let (frames, mask) = frames(input)
        return frames.meanOfSteps(mask: mask)
    }

    /// Each frame's context, `[N, T, D]`, and which are real.
    func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) {
        let (features, mask) = encoder.features(input)
        return (self(features, mask: mask), mask)
    }
}
