public import ConcordLayers
public import ConcordTensors

/// Predicts, from each frame's context, the next frames of a sequence, which have to be identified among other frames.
///
///     loss = mean over frames t and steps k = 1 ... K of  InfoNCE(W_k c_t,  z_(t + k) against negatives)
///
/// with z the encoder's local frames and c their context, one linear predictor W_k a step.
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
/// In checkpoints: `encoder.…`, `context.…`, `predict.0.weight`, ….
/// - Source: van den Oord et al. 2018, arXiv:1807.03748, eq. 3 and 4. As Rivière et al. 2020, arXiv:2002.02848, in
///   drawing the negatives of a batch once; unlike both, scores are cosines over a temperature, not dot products.
public final class ContrastivePredictiveCoding<E: SequenceEncoder>: Objective {
    private let sequences: SequenceContext<E>
    /// One linear predictor W_k a step.
    public let predict: [Linear]
    /// The loss among the candidates; its similarity and temperature.
    public let loss: InfoNCE
    /// Number M of negatives of a prediction.
    public let negatives: Int
    /// The frames that negatives are drawn from.
    public let source: NegativeFrames

    public var checkpointNames: [String: String] { ["sequences": "", "loss": ""] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must be causal.
    ///   - horizon: number K of frames predicted, at least 1. Sequences must be longer.
    ///   - negatives: frames drawn for each batch, at least 1.
    ///   - source: the frames that negatives are drawn from.
    ///   - loss: its similarity and temperature.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, horizon: Int = 12, negatives: Int = 128,
        from source: NegativeFrames = .batch,
        loss: InfoNCE = InfoNCE(temperature: .fixed(0.1), direction: .oneWay)
    ) {
        ShapeCheck.require(
            horizon > 0 && negatives > 0, "ContrastivePredictiveCoding", "horizon \(horizon), \(negatives) negatives")
        let sequences = SequenceContext(encoder, context: context)
        self.sequences = sequences
        (self.loss, self.negatives, self.source) = (loss, negatives, source)
        predict = (0..<horizon).map { _ in
            Linear(sequences.outputDimension, encoder.featureDimension, bias: false)
        }
    }

    /// The encoder of the frames.
    public var encoder: E { sequences.encoder }
    /// Nil: the encoder's own context.
    public var context: (any SequenceLayer)? { sequences.context }
    /// Number K of steps.
    public var horizon: Int { predict.count }
    /// Size D of a context vector, and of an embedding.
    public var outputDimension: Int { sequences.outputDimension }

    /// The loss of sequences, with negatives drawn by the surrounding random state or by sample keys.
    /// - Returns: `ln(M + 1)` at chance; 0 without an anchor.
    public func callAsFunction(_ input: E.Input) -> Loss { drawn(input).loss }

    /// The loss and the number of predictions that it is the mean over.
    private func drawn(_ input: E.Input) -> (loss: Loss, predictions: Int) {
        contrasted(input) { real in
            source.draw(negatives, from: real.frames, keys: source == .sequence ? real.keys() : [])
        }
    }

    /// The loss with given negatives.
    /// - Parameter negatives: int32 indices into the N x T frames, `[1, M]` for all predictions or `[G, M]` for those
    ///   of each sequence that has anchors.
    package func callAsFunction(_ input: E.Input, negatives: Tensor) -> Loss {
        contrasted(input) { _ in negatives }.loss
    }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`: the features that probes are trained
    /// on.
    public func embed(_ input: E.Input) -> Tensor { sequences.embed(input) }

    /// The real frames of the sequences that have anchors, and the keys of these sequences.
    private struct RealFrames {
        let frames: [[Int32]]
        let keys: () -> [RandomKey]
    }

    private func contrasted(_ input: E.Input, drawing draw: (RealFrames) -> Tensor) -> (loss: Loss, predictions: Int) {
        let (frames, mask) = encoder.features(input)  // [N, T, C]
        let (count, steps, width) = (frames.shape[0], frames.shape[1], frames.shape[2])
        let anchors = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: horizon)
        let anchored = anchors.counts.indices.filter { anchors.counts[$0] > 0 }
        guard !anchored.isEmpty else { return (Loss(Tensor(0)), 0) }
        let contexts = sequences(frames, mask: mask).reshaped([count * steps, outputDimension])
        let bank = frames.reshaped([count * steps, width])
        let real = FrameAnchors(sequences: count, steps: steps, mask: mask, ahead: 0)

        // All steps in one matmul: query r K + k is anchor r's prediction for k + 1 steps ahead.
        let weights = Tensor.concatenated(predict.map { $0.weight.value }, axis: 0)  // [K C, D]
        // [R K, C]
        let queries = contexts.gathered(at: anchors.ahead(by: 0)).linear(weight: weights).reshaped([-1, width])
        let positives = anchors.places.flatMap { place in (1...horizon).map { Int32(place + $0) } }
        let drawn = draw(RealFrames(frames: real.frames(of: anchored), keys: { Self.keys(of: anchored, among: count) }))
        let groups = drawn.shape[0] == 1 ? [positives.count] : anchored.map { anchors.counts[$0] * horizon }
        let found = loss.find(
            queries, in: bank,
            Candidates(positives: Tensor(positives, shape: [positives.count]), negatives: drawn, groups: groups))

        let stepLosses = found.losses.reshaped([-1, horizon]).mean(axis: 0).scalars
        let realFrames = mask == nil ? bank : bank.detached.gathered(at: real.ahead(by: 0))
        var metrics = [
            (name: "accuracy", value: found.hits.converted(to: .float32).mean()),
            (name: "spread", value: Loss.spread(of: realFrames)),
        ]
        if loss.logitScale != nil { metrics.append(("logit_scale", Tensor(loss.scale))) }
        let parts = stepLosses.enumerated().map { (name: "step_\($0 + 1)", value: Tensor($1)) }
        return (Loss(found.loss, parts: parts, metrics: metrics), positives.count)
    }

    private static func keys(of sequences: [Int], among count: Int) -> [RandomKey] {
        let keys = Computation.sampleKeys(count: count)
        return sequences.map { keys[$0] }
    }
}

extension ContrastivePredictiveCoding: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        source == .batch
            ? "its negatives are frames of the whole batch; negatives of the query's own sequence support microbatches"
            : SlicedInput<E.Input>.unsupportedReason
    }

    /// The mean over the predictions of all microbatches.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            let (loss, predictions) = drawn(input.rows(rows))
            return (loss, weight: Double(predictions))
        }
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
