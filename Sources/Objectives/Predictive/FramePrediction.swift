public import ConcordLayers
public import ConcordTensors

/// Predicts, from each frame's context, an input frame some steps ahead by regression.
///
///     loss = mean over frames t and channels of  |x_(t + k) - (W c_t + b)|        or its square
///
/// W c + b is another decoder's output where the frames are images; with `isResidual` it is added to x_t.
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

    /// Which frames of a sequence others are predicted from.
    public enum Anchors: String, Sendable, CaseIterable {
        /// All that have a frame `ahead` steps after them.
        case all
        /// The last one of those.
        case last
    }

    private let sequences: SequenceContext<E>
    /// From a context vector to a frame, `[D]` to `[F]`: `predict.weight`, `predict.bias` where it is linear.
    public let predict: any FrameDecoder
    /// The frames that are predicted.
    public let target: FrameTarget<E.Input>
    /// Steps k from a context to the frame that it predicts.
    public let ahead: Int
    /// The error of a prediction.
    public let distance: Distance
    /// Which frames others are predicted from.
    public let anchors: Anchors
    /// Whether the decoder's output is the difference from the anchor's own frame.
    public let isResidual: Bool

    public var checkpointNames: [String: String] { ["sequences": ""] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must be causal.
    ///   - target: the input's frames, one for each of the encoder's.
    ///   - decoder: from context vectors `[R, D]` to frames; linear where nil.
    ///   - ahead: steps k, at least 1. Neighboring frames are similar; predicting 3 to 5 steps ahead is harder.
    ///   - anchors: which frames others are predicted from.
    ///   - residual: whether the decoder's output is added to the anchor's own frame.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, decoder: (any FrameDecoder)? = nil,
        target: FrameTarget<E.Input>, ahead: Int = 5, distance: Distance = .l1, anchors: Anchors = .all,
        residual: Bool = false
    ) {
        ShapeCheck.require(ahead > 0, "FramePrediction", "\(ahead) steps ahead")
        sequences = SequenceContext(encoder, context: context)
        (self.target, self.ahead, self.distance) = (target, ahead, distance)
        (self.anchors, isResidual) = (anchors, residual)
        predict = decoder ?? Linear(sequences.outputDimension, target.dimension)
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
        let (features, mask) = encoder.features(target.seen?(input, ahead) ?? input)  // [N, T, C]
        let targets = detached { target.frames(input).detached }  // [N, T', F]
        let (count, steps) = (features.shape[0], features.shape[1])
        let found = targets.shape, hidden = target.seen == nil ? 0 : ahead
        ShapeCheck.require(
            targets.rank == 3 && found[0] == count && (abs(found[1] - steps) <= 1 || hidden > 0)
                && found[2] == target.dimension,
            "FramePrediction", "target \(found) for \(count) sequences of \(steps) frames, size \(target.dimension)")
        let kept = places(count, steps, of: found[1], mask, ahead: ahead - hidden)
        guard !kept.isEmpty else { return (Loss(Tensor(0)), 0) }

        /// Row indices of the anchors, moved by `offset` steps, in sequences of `width` frames.
        func rows(_ offset: Int, width: Int) -> Tensor {
            Tensor(kept.map { Int32($0 / steps * width + $0 % steps + offset) }, shape: [kept.count])
        }
        let contexts = sequences(features, mask: mask).reshaped([count * steps, outputDimension])
        let frames = targets.reshaped([count * found[1], target.dimension])
        let own = frames.gathered(at: rows(0, width: found[1]))
        let wanted = frames.gathered(at: rows(ahead, width: found[1]))
        let predicted = frame(contexts.gathered(at: rows(0, width: steps)), after: own)  // [R, F]
        let loss = Loss(
            distance(predicted, wanted),
            metrics: [
                ("mean_frame", distance(wanted, wanted.mean(axes: [0], keepingAxes: true))),
                ("last_frame", distance(wanted, own)),
            ])
        return (loss, kept.count)
    }

    /// The anchors' places in N x T, with a real frame so many steps after them and a target, of `targets` a sequence.
    private func places(_ count: Int, _ steps: Int, of targets: Int, _ mask: Tensor?, ahead real: Int) -> [Int] {
        let real = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: real)
        let all = real.places.filter { $0 % steps + ahead < targets }
        guard anchors == .last else { return all }
        return all.indices.filter { $0 + 1 == all.count || all[$0] / steps != all[$0 + 1] / steps }.map { all[$0] }
    }

    /// - Parameters:
    ///   - contexts: `[R, D]`.
    ///   - own: the anchors' frames, `[R, F]`.
    private func frame(_ contexts: Tensor, after own: Tensor) -> Tensor {
        let output = predict(contexts).reshaped(own.shape)
        return isResidual ? own + output : output
    }

    /// The frame `ahead` steps after the last one of each sequence, `[N, F]`; of sequences without padding.
    public func next(_ input: E.Input) -> Tensor {
        let (features, mask) = encoder.features(input)
        let contexts = sequences(features, mask: mask), frames = target.frames(input)
        func last(_ steps: Tensor) -> Tensor {
            let count = steps.shape[1]
            return steps.sliced(count - 1..<count, axis: 1).reshaped([steps.shape[0], -1])
        }
        return frame(last(contexts), after: last(frames))
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
