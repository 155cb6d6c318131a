import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Predicts, from each frame's context, the next frames of a sequence, which have to be identified among other frames.
///
///     loss = mean over frames t and steps k = 1 ... K of  InfoNCE(W_k c_t,  z_(t + k) against negatives)
///
/// with z the encoder's local frames and c their context, one predictor W_k a step: a matrix, or a network over the
/// contexts so far.
///
/// ```swift
/// let cpc = ContrastivePredictiveCoding(encoder: WaveformEncoder(.cpc), context: GRU(256, hidden: 256), horizon: 6)
/// let loss = cpc(Waveform(windows, rate: 8000))                         // ln 129 at chance
/// let probed = cpc.embed(clips)                                         // [N, 256]
/// ```
///
/// Anchors are the frames with K real frames after them; padding is never an anchor, a positive or a negative. A batch
/// without an anchor has loss 0. Parts: the loss of each step (`step_1`, …), whose mean is the total. Metrics:
/// `accuracy` (the fraction of predictions nearer to their positive than to every negative), `spread` of the frames,
/// about 1 where they differ, 0 where all are equal (collapse), and `logit_scale` where it is learned.
///
/// In checkpoints: `encoder.…`, `context.…`, `predict.0.weight`, … (`predict.0.layer.…` of networks).
/// - Source: van den Oord et al. 2018, arXiv:1807.03748, eq. 3 and 4. As Rivière et al. 2020, arXiv:2002.02848, in
///   drawing the negatives of a batch once, and in the predictors; unlike both, scores are cosines over a temperature,
///   not dot products.
public final class ContrastivePredictiveCoding<E: SequenceEncoder>: Objective {
    private let sequences: SequenceContext<E>
    /// One linear predictor W_k a step; empty where they are networks.
    public let predict: [Linear]
    /// One network a step; empty where predictors are linear.
    public let networks: [FramePredictor]
    /// The loss among the candidates; its similarity and temperature.
    public let loss: InfoNCE
    /// Number M of negatives of a prediction.
    public let negatives: Int
    /// The frames that negatives are drawn from.
    public let source: NegativeFrames

    public var checkpointNames: [String: String] { ["sequences": "", "loss": "", "networks": "predict"] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must be causal.
    ///   - horizon: number K of frames predicted, at least 1. Sequences must be longer.
    ///   - negatives: frames drawn for each batch, at least 1.
    ///   - source: the frames that negatives are drawn from.
    ///   - predictor: what predicts the frames of a step.
    ///   - loss: its similarity and temperature.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, horizon: Int = 12, negatives: Int = 128,
        from source: NegativeFrames = .batch, predictor: FramePredictorKind = .linear,
        loss: InfoNCE = InfoNCE(temperature: .fixed(0.1), direction: .oneWay)
    ) {
        ShapeCheck.require(
            horizon > 0 && negatives > 0, "ContrastivePredictiveCoding", "horizon \(horizon), \(negatives) negatives")
        let sequences = SequenceContext(encoder, context: context)
        self.sequences = sequences
        (self.loss, self.negatives, self.source, self.horizon) = (loss, negatives, source, horizon)
        let (inputs, outputs) = (sequences.outputDimension, encoder.featureDimension)
        let (linear, other) = predictor == .linear ? (horizon, 0) : (0, horizon)
        predict = (0..<linear).map { _ in Linear(inputs, outputs, bias: false) }
        networks = (0..<other).map { _ in FramePredictor(predictor, inputs, outputs) }
    }

    /// The encoder of the frames.
    public var encoder: E { sequences.encoder }
    /// Nil: the encoder's own context.
    public var context: (any SequenceLayer)? { sequences.context }
    /// Number K of steps.
    public let horizon: Int
    /// Size D of a context vector, and of an embedding.
    public var outputDimension: Int { sequences.outputDimension }

    /// The loss of sequences, with negatives drawn by the surrounding random state or by sample keys.
    /// - Returns: `ln(M + 1)` at chance; 0 without an anchor.
    public func callAsFunction(_ input: E.Input) -> Loss { drawn(input, groups: nil).loss }

    /// The loss of sequences with negatives from those of the same group where the source is `.group`.
    /// - Parameter groups: int32 `[N]`; nil: a group of all.
    public func callAsFunction(_ input: E.Input, groups: Tensor?) -> Loss { drawn(input, groups: groups).loss }

    /// The loss and the number of predictions that it is the mean over.
    private func drawn(_ input: E.Input, groups: Tensor?) -> (loss: Loss, predictions: Int) {
        contrasted(input) { real in
            switch source {
            case .batch: return source.draw(negatives, from: real.all, keys: [])
            case .sequence: return source.draw(negatives, from: real.frames, keys: real.keys())
            case .group:
                let groups = groups?.integerScalars, own = real.sequences.map { groups?[$0] ?? 0 }
                let all = real.ranks.gather(own).flatMap { $0 }
                let frames = own.map { group in zip(all, real.all).flatMap { $0 == group ? $1 : [] } }
                return source.draw(negatives, from: frames, keys: real.keys())
            }
        }
    }

    /// The loss with given negatives.
    /// - Parameter negatives: int32 indices into the N x T frames, `[1, M]` for all predictions or `[G, M]` for those
    ///   of each sequence that has anchors.
    package func callAsFunction(_ input: E.Input, negatives: Tensor) -> Loss {
        contrasted(input) { _ in negatives }.loss
    }

    /// Each frame's context, `[N, T, D]`, and which are real.
    public func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) { sequences.frames(input) }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`: the features that probes are trained
    /// on.
    public func embed(_ input: E.Input) -> Tensor { sequences.embed(input) }

    /// The real frames of the sequences that have anchors, as rows of the bank, and the keys of these sequences.
    private struct RealFrames {
        let sequences: [Int]
        /// One list a sequence.
        let frames: [[Int32]]
        /// Those of all ranks, whose frames are in the bank too.
        let all: [[Int32]]
        let ranks: Communicator
        let keys: () -> [RandomKey]
    }

    private func contrasted(_ input: E.Input, drawing draw: (RealFrames) -> Tensor) -> (loss: Loss, predictions: Int) {
        let (frames, mask) = encoder.features(input)  // [N, T, C]
        let (count, steps, width) = (frames.shape[0], frames.shape[1], frames.shape[2])
        let anchors = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: horizon)
        let anchored = anchors.counts.indices.filter { anchors.counts[$0] > 0 }
        let ranks = source == .sequence ? .single : Communicator.current
        if ranks.isAlone, anchored.isEmpty { return (Loss(Tensor(0)), 0) }
        let own = frames.reshaped([count * steps, width])
        let rows = ranks.gather(count * steps), first = Int32(rows[..<ranks.rank].reduce(0, +))
        let bank = ranks.isAlone ? own : own.gatheredFromRanks(rows: rows)
        let real = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: 0)
        let realFrames = real.frames(of: anchored).map { $0.map { first + $0 } }
        let drawn = draw(
            RealFrames(
                sequences: anchored, frames: realFrames, all: Self.gather(realFrames, from: ranks), ranks: ranks,
                keys: { Self.keys(of: anchored, among: count) }))
        // Without a query, a rank has a part in what follows from the bank on other ranks.
        if anchored.isEmpty { return (Loss((bank * 0).sum()), 0) }

        let contexts = sequences(frames, mask: mask)
        let queries = queries(contexts, at: anchors.ahead(by: 0), mask, shape: [count, steps, width])
        let positives = anchors.places.flatMap { place in (1...horizon).map { first + Int32(place + $0) } }
        let groups = drawn.shape[0] == 1 ? [positives.count] : anchored.map { anchors.counts[$0] * horizon }
        let found = loss.find(
            queries, in: bank,
            Candidates(positives: Tensor(positives, shape: [positives.count]), negatives: drawn, groups: groups))

        let stepLosses = found.losses.reshaped([-1, horizon]).mean(axis: 0).scalars
        let spread = mask == nil ? own : own.detached.gathered(at: real.ahead(by: 0))
        var metrics = [
            (name: "accuracy", value: found.hits.converted(to: .float32).mean()),
            (name: "spread", value: Loss.spread(of: spread)),
        ]
        if loss.logitScale != nil { metrics.append(("logit_scale", Tensor(loss.scale))) }
        let parts = stepLosses.enumerated().map { (name: "step_\($0 + 1)", value: Tensor($1)) }
        return (Loss(found.loss, parts: parts, metrics: metrics), positives.count)
    }

    /// The predictions `[R K, C]`: row r K + k is anchor r's for k + 1 steps ahead.
    /// - Parameters:
    ///   - contexts: `[N, T, D]`.
    ///   - shape: of the frames, `[N, T, C]`.
    private func queries(_ contexts: Tensor, at anchors: Tensor, _ mask: Tensor?, shape: [Int]) -> Tensor {
        let (rows, width) = (shape[0] * shape[1], shape[2])
        guard networks.isEmpty else {
            let steps = networks.map { network in
                network(contexts, mask: mask).reshaped([rows, width]).gathered(at: anchors).expandingAxis(at: 1)
            }
            return Tensor.concatenated(steps, axis: 1).reshaped([-1, width])
        }
        // All steps in one matmul.
        let weights = Tensor.concatenated(predict.map { $0.weight.value }, axis: 0)  // [K C, D]
        return contexts.reshaped([rows, outputDimension]).gathered(at: anchors).linear(weight: weights)
            .reshaped([-1, width])
    }

    /// The lists of all ranks, in the order of ranks.
    private static func gather(_ lists: [[Int32]], from ranks: Communicator) -> [[Int32]] {
        guard !ranks.isAlone else { return lists }
        let counts = ranks.gather(lists.map { Int32($0.count) })
        return zip(counts, ranks.gather(lists.flatMap { $0 })).flatMap { counts, values in
            var at = 0
            return counts.map { count in
                defer { at += Int(count) }
                return Array(values[at..<at + Int(count)])
            }
        }
    }

    private static func keys(of sequences: [Int], among count: Int) -> [RandomKey] {
        let keys = Computation.sampleKeys(count: count)
        return sequences.map { keys[$0] }
    }
}

extension ContrastivePredictiveCoding: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        source != .sequence
            ? "its negatives are frames of other sequences; negatives of the query's own sequence support microbatches"
            : SlicedInput<E.Input>.unsupportedReason
    }

    public var ranksUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the predictions of all microbatches.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        lossWithGradient(of: input, groups: nil, microbatch: microbatch)
    }

    /// The same with negatives from sequences of the same group where the source is `.group`.
    /// - Parameter groups: int32 `[N]`; nil: a group of all.
    package func lossWithGradient(of input: E.Input, groups: Tensor?, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            let (loss, predictions) = drawn(input.rows(rows), groups: groups?.sliced(rows, axis: 0))
            return (loss, weight: Double(predictions))
        }
    }

    public func lossWithGradientWithoutSamples() -> (Loss, Gradients) {
        Communicator.current.abort("no sample of its shard of the batch has a sequence to predict")
    }
}

extension FrameAnchors {
    /// The frames of some sequences, one list a sequence.
    fileprivate func frames(of sequences: [Int]) -> [[Int32]] {
        var first = 0
        let starts = counts.map { count in
            defer { first += count }
            return first
        }
        return sequences.map { n in places[starts[n]..<starts[n] + counts[n]].map(Int32.init) }
    }
}
