public import ConcordLayers
public import ConcordTensors

/// Learns from sequences alone: from each frame's context an input frame ahead is predicted by regression.
///
///     loss = mean over frames t and channels of  |x_(t + k) - (W c_t + b)|        or its square
///
/// ```swift
/// let front = LogMel.Configuration.speech(rate: 8000)
/// let apc = FramePrediction(
///     encoder: WaveformEncoder(.init(front: .logMel(front), convolutions: [])), context: GRU(80, hidden: 256), target: .logMel(front))
/// ```
///
/// What is predicted are frames of the *input*: log-mel frames, or the samples of a hop. Learned features would not do,
/// since an encoder that makes all of them the same predicts them without error. Padding is neither predicted nor
/// predicted from. A batch without a frame that has a k-th one after it has loss 0. Parts, to hold the loss against:
/// `mean_frame`, the loss of the batch's mean frame, and `last_frame`, that of frame t itself.
///
/// In checkpoints: `encoder.…`, `context.…`, `predict.weight`, `predict.bias`.
/// - Source: Chung, Hsu, Tang, Glass 2019, "An unsupervised autoregressive model for speech representation learning",
///   arXiv:1904.03240, eq. 1 (L1). It is divided by the channels too.
public final class FramePrediction<E: SequenceEncoder>: Objective {
    /// How far a prediction is from a frame.
    public enum Distance: String, Sendable, CaseIterable {
        /// Mean of the absolute differences.
        case l1
        /// Mean of the squared ones.
        case l2

        func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
            switch self {
            case .l1: (a - b).abs().mean()
            case .l2: (a - b).squared().mean()
            }
        }
    }

    public let encoder: E
    /// Nil: the encoder's own context.
    public let context: (any SequenceLayer)?
    public let predict: Linear
    public let target: FrameTarget<E.Input>
    public let ahead: Int
    public let distance: Distance
    /// Size of a context vector, and of what `embed` gives.
    public let outputDimension: Int

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must not look ahead.
    ///   - target: the input's frames, one for each of the encoder's.
    ///   - ahead: steps k, at least 1. Neighbouring frames are much alike; predicting 3 to 5 steps ahead asks for more.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, target: FrameTarget<E.Input>, ahead: Int = 5,
        distance: Distance = .l1
    ) {
        ShapeCheck.require(ahead > 0, "FramePrediction", "\(ahead) steps ahead")
        let width = context?.outputDimension ?? encoder.outputDimension
        (self.encoder, self.context, self.target, self.ahead, self.distance) = (
            encoder, context, target, ahead, distance
        )
        outputDimension = width
        predict = Linear(width, target.dimension)
    }

    public func callAsFunction(_ input: E.Input) -> Loss { predicted(input).loss }

    /// The loss and the number of frames that it is the mean over.
    func predicted(_ input: E.Input) -> (loss: Loss, frames: Int) {
        let (features, mask) = encoder.features(input)  // [N, T, C]
        let targets = detached { target.frames(input).detached }  // [N, T', F]
        let (sequences, steps) = (features.shape[0], features.shape[1])
        let found = targets.shape
        ShapeCheck.require(
            targets.rank == 3 && found[0] == sequences && abs(found[1] - steps) <= 1 && found[2] == target.dimension,
            "FramePrediction",
            "target \(found) for \(sequences) sequences of \(steps) frames, size \(target.dimension)")
        let anchors = FrameAnchors(sequences: sequences, steps: steps, mask: mask, ahead: ahead)
        let kept = anchors.places.filter { $0 % steps + ahead < found[1] }
        guard !kept.isEmpty else { return (Loss(Tensor(0)), 0) }

        func places(_ offset: Int, of steps: Int, in width: Int) -> Tensor {
            Tensor(kept.map { Int32($0 / steps * width + $0 % steps + offset) }, shape: [kept.count])
        }
        let contexts = contexts(features, mask).reshaped([sequences * steps, outputDimension])
        let frames = targets.reshaped([sequences * found[1], target.dimension])
        let predicted = predict(contexts.gathered(at: places(0, of: steps, in: steps)))  // [R, F]
        let wanted = frames.gathered(at: places(ahead, of: steps, in: found[1]))
        let loss = Loss(
            distance(predicted, wanted),
            parts: [
                ("mean_frame", distance(wanted, wanted.mean(axes: [0], keepingAxes: true))),
                ("last_frame", distance(wanted, frames.gathered(at: places(0, of: steps, in: found[1])))),
            ])
        return (loss, kept.count)
    }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`: what probes look at.
    public func embed(_ input: E.Input) -> Tensor {
        let (features, mask) = encoder.features(input)
        return contexts(features, mask).meanOfSteps(mask: mask)
    }

    private func contexts(_ features: Tensor, _ mask: Tensor?) -> Tensor {
        context?(features, mask: mask) ?? encoder.context(features, mask: mask)
    }
}

extension FramePrediction: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        E.Input.self is any RowSliceable.Type
            ? nil : "its input \(E.Input.self) does not say how to be cut into samples (RowSliceable)"
    }

    /// The mean over the frames of all pieces. Part `mean_frame` holds each piece against its own mean frame.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let whole = input as? any RowSliceable else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: whole.rowCount, atMost: microbatch).meanWithGradient { rows in
            let (loss, frames) = predicted(whole.rows(in: rows) as? E.Input ?? input)
            return (loss, weight: Double(frames))
        }
    }
}
