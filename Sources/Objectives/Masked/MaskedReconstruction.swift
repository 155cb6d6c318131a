public import ConcordLayers
public import ConcordTensors

/// Reconstructs altered parts of fixed frames, such as log-mel ones, from both sides (Mockingjay, TERA).
///
///     loss = mean over altered elements of  |head(context(altered frames)) - frame|
///
/// ```swift
/// let frames = WaveformEncoder(.init(front: .logMel(.speech(rate: 8000)), convolutions: []))
/// let tera = MaskedReconstruction(
///     encoder: frames, context: TransformerContext(80, width: 768, depth: 3, heads: 12, placement: .post))
/// ```
///
/// The encoder's frames are input and target: nothing in it may be trained, for an encoder that makes all frames equal
/// would be reconstructed without error. Padding is neither. Of a prediction of zeros the loss is metric `zeros`, about
/// 0.8 for standardized frames.
///
/// In checkpoints: `context.…`, `dense.…`, `layer_norm.…`, `output.…`.
/// - Source: Liu et al. 2019, arXiv:1910.12638; Liu, Li, Lee 2020, arXiv:2007.06028, section III, as s3prl's
///   `mockingjay`. Deviation: the layer normalization's epsilon is 1e-5.
public final class MaskedReconstruction<E: SequenceEncoder>: Objective {
    /// Its `features` are the frames.
    public let encoder: E
    /// Over the frames; it sees both sides.
    public let context: any SequenceLayer
    /// The head: a layer with GELU and a layer normalization, and one to the F numbers of a frame.
    public let dense: Linear, layerNorm: LayerNorm, output: Linear
    /// What of the frames is altered.
    public let alteration: FrameAlteration

    /// - Parameters:
    ///   - encoder: its `features` are the frames; nothing in it is trained.
    ///   - context: over the frames; it sees both sides.
    ///   - alteration: TERA's by default.
    public init(encoder: E, context: any SequenceLayer, alteration: FrameAlteration = FrameAlteration()) {
        ShapeCheck.require(
            ParameterWalk(encoder).parameters.isEmpty, "MaskedReconstruction",
            "an encoder with trained features, which are no target")
        let width = context.outputDimension
        (self.encoder, self.context, self.alteration) = (encoder, context, alteration)
        dense = Linear(width, width)
        layerNorm = LayerNorm(width)
        output = Linear(width, encoder.featureDimension)
    }

    /// Size D of a context, and of an embedding.
    public var outputDimension: Int { context.outputDimension }

    /// The loss of sequences, altered by their samples' keys, in the surrounding mode.
    public func callAsFunction(_ input: E.Input) -> Loss { reconstructed(input).loss }

    /// The loss and the number of elements that it is the mean over.
    private func reconstructed(_ input: E.Input) -> (loss: Loss, elements: Float) {
        let (frames, mask) = fixedFrames(input)
        let (count, steps) = (frames.shape[0], frames.shape[1]), bytes = mask?.bytes
        let lengths = (0..<count).map { n in
            bytes.map { $0[n * steps..<(n + 1) * steps].prefix { $0 != 0 }.count } ?? steps
        }
        let (altered, chosen) = alteration(frames, lengths: lengths, keys: Computation.sampleKeys(count: count))
        return loss(frames, mask, altered: altered, chosen: chosen)
    }

    /// The loss with given alterations.
    /// - Parameters:
    ///   - altered: `[N, T, F]`, what the context sees.
    ///   - chosen: `[N, T, F]`, 1 for what has to be reconstructed.
    package func callAsFunction(_ input: E.Input, altered: Tensor, chosen: Tensor) -> Loss {
        let (frames, mask) = fixedFrames(input)
        return loss(frames, mask, altered: altered, chosen: chosen).loss
    }

    private func fixedFrames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) {
        let (frames, mask) = detached { encoder.features(input) }
        return (frames.detached, mask)
    }

    private func loss(
        _ frames: Tensor, _ mask: Tensor?, altered: Tensor, chosen: Tensor
    ) -> (loss: Loss, elements: Float) {
        let elements = chosen.sum().item
        guard elements > 0 else { return (Loss(Tensor(0)), 0) }
        let predicted = output(layerNorm(dense(context(altered, mask: mask)).gelu()))  // [N, T, F]
        let zeros = (frames.abs() * chosen).sum() / elements
        return (Loss(((predicted - frames).abs() * chosen).sum() / elements, metrics: [("zeros", zeros)]), elements)
    }

    /// The mean of each sequence's contexts over its real frames, nothing altered, `[N, D]`.
    public func embed(_ input: E.Input) -> Tensor {
        let (frames, mask) = encoder.features(input)
        return context(frames, mask: mask).meanOfSteps(mask: mask)
    }
}

extension MaskedReconstruction: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the altered elements of all microbatches.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            let (loss, elements) = reconstructed(input.rows(rows))
            return (loss, weight: Double(elements))
        }
    }
}
