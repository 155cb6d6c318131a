public import ConcordLayers
import ConcordTensors

/// What predicts the frames so many steps ahead from the contexts of a sequence.
public enum FramePredictorKind: String, Sendable, CaseIterable {
    /// A matrix: each prediction from its own context alone.
    case linear
    /// Gated recurrent units over the contexts so far.
    case gru
    /// A causal transformer block over them.
    case transformer
}

/// A network over contexts that predicts frames: one a step ahead.
///
/// In checkpoints: `layer.…`, and `projection.…` where the context is of another size than a frame.
/// - Source: Riviere et al. 2020, arXiv:2002.02848, section 3.2, as CPC_audio's `PredictionNetwork`.
public final class FramePredictor: Module {
    /// Over the contexts; causal.
    public let layer: any SequenceLayer
    /// To the size of a frame, where the layer's output has another.
    public let projection: Linear?

    /// - Parameters:
    ///   - inputs: D of a context; of a transformer one head has up to 64 numbers of it.
    ///   - outputs: C of a frame.
    init(_ kind: FramePredictorKind, _ inputs: Int, _ outputs: Int) {
        switch kind {
        case .transformer:
            let heads = (1...max(1, inputs / 64)).last { inputs % $0 == 0 } ?? 1
            layer = TransformerContext(inputs, depth: 1, heads: heads, causal: true)
            projection = inputs == outputs ? nil : Linear(inputs, outputs, bias: false)
        case .gru, .linear:
            layer = GRU(inputs, hidden: outputs)
            projection = nil
        }
    }

    /// `[N, T, D]` to `[N, T, C]`.
    func callAsFunction(_ contexts: Tensor, mask: Tensor?) -> Tensor {
        let predicted = layer(contexts, mask: mask)
        return projection.map { $0(predicted) } ?? predicted
    }
}
