public import ConcordLayers
public import ConcordTensors

/// Predicts, from each frame's context, an input frame some steps ahead by regression.
///
///     loss = mean over frames t and channels of  |x_(t + k) - (W c_t + b)|        or its square
///
/// ```swift
/// let front = LogMel.Configuration.speech(rate: 8000)
/// let apc = FramePrediction(
///     encoder: WaveformEncoder(.init(front: .logMel(front), convolutions: [])), context: GRU(80, hidden: 256),
///     target: .logMel(front))
/// ```
///
/// Targets are frames of the *input*: log-mel frames, or the samples of a hop. Learned features are no target: an
/// encoder that makes all of them equal would predict them without error. Padding is neither target nor context. A
/// batch without a frame that has a k-th one after it has loss 0. Metrics are baselines: `mean_frame`, the loss of
/// predicting the batch's mean frame, and `last_frame`, the loss of predicting frame t itself.
///
/// In checkpoints: `encoder.…`, `context.…`, `predict.weight`, `predict.bias`.
/// - Source: Chung, Hsu, Tang, Glass 2019, "An unsupervised autoregressive model for speech representation learning",
///   arXiv:1904.03240, eq. 1 (L1). It is divided by the channels too.
public final class FramePrediction<E: SequenceEncoder>: Objective {
    /// The error of a prediction.
    public enum Distance: String, Sendable, CaseIterable {
        /// Mean of the absolute differences.
        case l1
        /// Mean of the squared differences.
        case l2

        func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
            switch self {
            case .l1: (a - b).abs().mean()
            case .l2: (a - b).squared().mean()
            }
        }
    }

    private let sequences: SequenceContext<E>
    /// Maps a context vector to a frame, `[D]` to `[F]`.
    public let predict: Linear
    /// The frames that are predicted.
    public let target: FrameTarget<E.Input>
    /// Steps k from a context to the frame that it predicts.
    public let ahead: Int
    /// The error of a prediction.
    public let distance: Distance

    public var checkpointNames: [String: String] { ["sequences": ""] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must be causal.
    ///   - target: the input's frames, one for each of the encoder's.
    ///   - ahead: steps k, at least 1. Neighboring frames are similar; predicting 3 to 5 steps ahead is harder.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, target: FrameTarget<E.Input>, ahead: Int = 5,
        distance: Distance = .l1
    ) {
        ShapeCheck.require(ahead > 0, "FramePrediction", "\(ahead) steps ahead")
        sequences = SequenceContext(encoder, context: context)
        (self.target, self.ahead, self.distance) = (target, ahead, distance)
        predict = Linear(sequences.outputDimension, target.dimension)
    }

    /// The encoder of the frames.
    public var encoder: E { sequences.encoder }
    /// Nil: the encoder's own context.
    public var context: (any SequenceLayer)? { sequences.context }
    /// Size D of a context vector, and of an embedding.
    public var outputDimension: Int { sequences.outputDimension }

    /// The mean error over the predicted frames and their channels; 0 without one.
    public func callAsFunction(_ input: E.Input) -> Loss { predicted(input).loss }

    /// The loss and the number of frames that it is the mean over.
    func predicted(_ input: E.Input) -> (loss: Loss, frames: Int) {
        let (features, mask) = encoder.features(input)  // [N, T, C]
        let targets = detached { target.frames(input).detached }  // [N, T', F]
        let (count, steps) = (features.shape[0], features.shape[1])
        let found = targets.shape
        ShapeCheck.require(
            targets.rank == 3 && found[0] == count && abs(found[1] - steps) <= 1 && found[2] == target.dimension,
            "FramePrediction", "target \(found) for \(count) sequences of \(steps) frames, size \(target.dimension)")
        let anchors = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: ahead)
        let kept = anchors.places.filter { $0 % steps + ahead < found[1] }
        guard !kept.isEmpty else { return (Loss(Tensor(0)), 0) }

        /// Row indices of the anchors, moved by `offset` steps, in sequences of `width` frames.
        func rows(_ offset: Int, width: Int) -> Tensor {
            Tensor(kept.map { Int32($0 / steps * width + $0 % steps + offset) }, shape: [kept.count])
        }
        let contexts = sequences(features, mask: mask).reshaped([count * steps, outputDimension])
        let frames = targets.reshaped([count * found[1], target.dimension])
        let predicted = predict(contexts.gathered(at: rows(0, width: steps)))  // [R, F]
        let wanted = frames.gathered(at: rows(ahead, width: found[1]))
        let loss = Loss(
            distance(predicted, wanted),
            metrics: [
                ("mean_frame", distance(wanted, wanted.mean(axes: [0], keepingAxes: true))),
                ("last_frame", distance(wanted, frames.gathered(at: rows(0, width: found[1])))),
            ])
        return (loss, kept.count)
    }

    /// Each frame's context, `[N, T, D]`, and which are real.
    public func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) { sequences.frames(input) }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`: the features that probes are trained
    /// on.
    public func embed(_ input: E.Input) -> Tensor { sequences.embed(input) }
}

extension FramePrediction: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the frames of all microbatches. Metric `mean_frame` compares each microbatch with its own mean
    /// frame.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            let (loss, frames) = predicted(input.rows(rows))
            return (loss, weight: Double(frames))
        }
    }
}
