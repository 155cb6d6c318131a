import ConcordLayers
import ConcordTensors

/// A sequence encoder with a transformer over its features, some of which a trained vector takes the place of: what
/// wav2vec 2.0 and HuBERT have in common.
///
///     context(mask(projection(norm(features))))
///
/// In checkpoints: `encoder.…`, `layer_norm.…`, `post_extract_proj.…`, `mask_emb`, `context.…`.
final class MaskedSequence<E: SequenceEncoder>: Module {
    let encoder: E
    /// Over the channels of a feature.
    let norm: LayerNorm
    /// To the context's width.
    let projection: Linear
    /// In the place of every masked frame, `[D]`.
    let maskVector: Parameter
    let context: any SequenceLayer
    let masking: SpanMasking
    /// Of the gradient that reaches the encoder.
    let gradientFactor: Float
    let dropout: Float

    var checkpointNames: [String: String] {
        ["norm": "layer_norm", "projection": "post_extract_proj", "maskVector": "mask_emb"]
    }

    init(_ encoder: E, context: any SequenceLayer, masking: SpanMasking, gradientFactor: Float, dropout: Float) {
        (self.encoder, self.context, self.masking) = (encoder, context, masking)
        (self.gradientFactor, self.dropout) = (gradientFactor, dropout)
        let width = context.outputDimension
        norm = LayerNorm(encoder.featureDimension)
        projection = Linear(encoder.featureDimension, width)
        maskVector = Parameter([width], .uniform(0...1))
    }

    /// Features of a batch.
    struct Features {
        /// Normalized, `[N, T, C]`.
        let normalized: Tensor
        /// `[N, T]` uint8, 1 for a real frame; nil: all are.
        let mask: Tensor?
        /// Real frames of each sequence.
        let lengths: [Int]
        /// The mean square of the real frames before they were normalized.
        let penalty: Tensor

        var steps: Int { normalized.shape[1] }
    }

    func features(_ input: E.Input) -> Features {
        let (raw, mask) = encoder.features(input)
        let features = raw.gradientScaled(by: gradientFactor)
        let (count, steps) = (features.shape[0], features.shape[1])
        let bytes = mask?.bytes
        let lengths = (0..<count).map { n in
            bytes.map { $0[n * steps..<(n + 1) * steps].prefix { $0 != 0 }.count } ?? steps
        }
        let squares = features.squared().mean(axis: 2)  // [N, T]
        let penalty =
            mask.map { mask in
                let weights = mask.converted(to: .float32)
                return (squares * weights).sum() / max(1, weights.sum().item)
            } ?? squares.mean()
        return Features(normalized: norm(features), mask: mask, lengths: lengths, penalty: penalty)
    }

    /// The context of each frame, `[N, T, D]`.
    /// - Parameter masked: of each sequence, the frames that the trained vector takes the place of.
    func contexts(_ features: Features, masked: [[Int]]) -> Tensor {
        let projected = dropped(projection(features.normalized)), width = projected.shape[2], steps = features.steps
        guard masked.contains(where: { !$0.isEmpty }) else { return context(projected, mask: features.mask) }
        let count = features.lengths.count * steps
        var rows = (0..<Int32(count)).map { $0 }
        for (n, frames) in masked.enumerated() {
            for frame in frames { rows[n * steps + frame] = Int32(count) }
        }
        let filled = Tensor.concatenated(
            [projected.reshaped([count, width]), maskVector.value.reshaped([1, width])], axis: 0
        ).gathered(at: Tensor(rows, shape: [count]))
        return context(filled.reshaped([features.lengths.count, steps, width]), mask: features.mask)
    }

    func dropped(_ x: Tensor) -> Tensor { dropout == 0 ? x : x.dropout(dropout) }

    /// The mean of each sequence's contexts over its real frames, nothing masked, `[N, D]`.
    func embed(_ input: E.Input) -> Tensor {
        let (frames, mask) = frames(input)
        return frames.meanOfSteps(mask: mask)
    }

    /// Each frame's context, nothing masked, `[N, T, D]`, and which are real.
    func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) {
        let features = features(input)
        return (contexts(features, masked: []), features.mask)
    }
}

extension Tensor {
    /// This value, whose gradient is multiplied by a factor.
    func gradientScaled(by factor: Float) -> Tensor {
        guard factor != 1 else { return self }
        return .custom([self], name: "gradientScaled") {
            $0[0]
        } pullback: { _, _, upstream, needs in
            [needs[0] ? upstream * factor : nil]
        }
    }
}
