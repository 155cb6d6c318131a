public import ConcordLayers
public import ConcordTensors

/// Learns from sequences alone: from each frame's context the next frames are predicted, and have to be told from other
/// frames.
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
/// Only frames with K real ones after them are asked; padding is neither asked, nor found, nor a negative. A batch
/// without such a frame has loss 0. Parts: the loss of each step (`step_1`, …), `accuracy` (no other frame is as near
/// as the right one) and `spread`, the collapse meter of the frames: about 1 where they differ, 0 where all are the
/// same.
///
/// In checkpoints: `encoder.…`, `context.…`, `predict.0.weight`, ….
/// - Source: van den Oord et al. 2018, arXiv:1807.03748, eq. 3 and 4. As Rivière et al. 2020, arXiv:2002.02848, in
///   drawing the negatives of a batch once; unlike both, scores are cosines over a temperature, not dot products.
public final class ContrastivePredictiveCoding<E: SequenceEncoder>: Objective {
    public let encoder: E
    /// Nil: the encoder's own context.
    public let context: (any SequenceLayer)?
    public let predict: [Linear]
    public let loss: InfoNCE
    public let negatives: Int
    public let source: NegativeFrames

    public var checkpointNames: [String: String] { ["loss": ""] }

    /// Number K of steps.
    public var horizon: Int { predict.count }
    /// Size of a context vector, and of what `embed` gives.
    public let outputDimension: Int

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: over the frames; the encoder's own where nil. It must not look ahead.
    ///   - horizon: number K of frames predicted, at least 1. Sequences must be longer.
    ///   - negatives: frames drawn anew for each batch, at least 1.
    ///   - source: where they come from.
    ///   - loss: its similarity and temperature.
    public init(
        encoder: E, context: (any SequenceLayer)? = nil, horizon: Int = 12, negatives: Int = 128,
        from source: NegativeFrames = .batch,
        loss: InfoNCE = InfoNCE(temperature: .fixed(0.1), direction: .oneWay)
    ) {
        ShapeCheck.require(
            horizon > 0 && negatives > 0, "ContrastivePredictiveCoding", "horizon \(horizon), \(negatives) negatives")
        let width = context?.outputDimension ?? encoder.outputDimension
        (self.encoder, self.context, self.loss, self.negatives, self.source) = (
            encoder, context, loss, negatives, source
        )
        outputDimension = width
        predict = (0..<horizon).map { _ in Linear(width, encoder.featureDimension, bias: false) }
    }

    public func callAsFunction(_ input: E.Input) -> Loss { drawn(input).loss }

    /// The loss and the number of predictions that it is the mean over.
    private func drawn(_ input: E.Input) -> (loss: Loss, predictions: Int) {
        contrasted(input) { real in
            source.draw(negatives, from: real.frames, keys: source == .sequence ? real.keys() : [])
        }
    }

    /// The loss with given negatives: places in N x T, `[1, M]` for all or `[G, M]` for the sequences that are long
    /// enough.
    package func callAsFunction(_ input: E.Input, negatives: Tensor) -> Loss {
        contrasted(input) { _ in negatives }.loss
    }

    /// The mean of each sequence's context vectors over its real frames, `[N, D]`: what probes look at.
    public func embed(_ input: E.Input) -> Tensor {
        let (frames, mask) = encoder.features(input)
        return contexts(frames, mask).meanOfSteps(mask: mask)
    }

    private func contexts(_ frames: Tensor, _ mask: Tensor?) -> Tensor {
        context?(frames, mask: mask) ?? encoder.context(frames, mask: mask)
    }

    /// The real frames of the sequences that are asked about.
    private struct RealFrames {
        let frames: [[Int32]]
        let keys: () -> [RandomKey]
    }

    private func contrasted(_ input: E.Input, drawing draw: (RealFrames) -> Tensor) -> (loss: Loss, predictions: Int) {
        let (frames, mask) = encoder.features(input)  // [N, T, C]
        let (sequences, steps, width) = (frames.shape[0], frames.shape[1], frames.shape[2])
        let anchors = FrameAnchors(sequences: sequences, steps: steps, mask: mask, ahead: horizon)
        let asked = anchors.counts.indices.filter { anchors.counts[$0] > 0 }
        guard !asked.isEmpty else { return (Loss(Tensor(0)), 0) }
        let contexts = contexts(frames, mask).reshaped([sequences * steps, outputDimension])
        let bank = frames.reshaped([sequences * steps, width])
        let real = FrameAnchors(sequences: sequences, steps: steps, mask: mask, ahead: 0)

        // All steps in one product: query r K + k is anchor r's prediction for k + 1 steps ahead.
        let weights = Tensor.concatenated(predict.map { $0.weight.value }, axis: 0)  // [K C, D]
        // [R K, C]
        let queries = contexts.gathered(at: anchors.ahead(by: 0)).linear(weight: weights).reshaped([-1, width])
        let positives = anchors.places.flatMap { place in (1...horizon).map { Int32(place + $0) } }
        let drawn = draw(RealFrames(frames: real.frames(of: asked), keys: { Self.keys(of: asked, among: sequences) }))
        let groups = drawn.shape[0] == 1 ? [positives.count] : asked.map { anchors.counts[$0] * horizon }
        let found = loss.find(
            queries, in: bank,
            Candidates(positives: Tensor(positives, shape: [positives.count]), negatives: drawn, groups: groups))

        let bySteps = found.losses.reshaped([-1, horizon]).mean(axis: 0).scalars
        var parts = bySteps.enumerated().map { (name: "step_\($0 + 1)", value: Tensor($1)) }
        parts.append(("accuracy", found.hits.converted(to: .float32).mean()))
        let meant = mask == nil ? bank : bank.detached.gathered(at: real.ahead(by: 0))
        parts.append(("spread", CollapseMeter.spread(of: meant)))
        if loss.logitScale != nil { parts.append(("logit_scale", Tensor(loss.scale))) }
        return (Loss(found.loss, parts: parts), positives.count)
    }

    private static func keys(of asked: [Int], among sequences: Int) -> [RandomKey] {
        let keys = Computation.sampleKeys(count: sequences)
        return asked.map { keys[$0] }
    }
}

extension ContrastivePredictiveCoding: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        if source == .batch {
            return "its negatives are frames of the whole batch; drawn from the query's own sequence they would do"
        }
        return E.Input.self is any RowSliceable.Type
            ? nil : "its input \(E.Input.self) does not say how to be cut into samples (RowSliceable)"
    }

    /// The mean over the predictions of all pieces.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let whole = input as? any RowSliceable else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: whole.rowCount, atMost: microbatch).meanWithGradient { rows in
            let (loss, predictions) = drawn(whole.rows(in: rows) as? E.Input ?? input)
            return (loss, weight: Double(predictions))
        }
    }
}

extension FrameAnchors {
    /// The places of some sequences.
    fileprivate func frames(of sequences: [Int]) -> [[Int32]] {
        var first = 0
        let starts = counts.map { count in
            defer { first += count }
            return first
        }
        return sequences.map { n in places[starts[n]..<starts[n] + counts[n]].map(Int32.init) }
    }
}
