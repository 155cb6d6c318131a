public import ConcordLayers
public import ConcordTensors

/// Predicts, at each masked frame of a sequence, the cluster that fixed features of that frame are in (HuBERT).
///
///     loss = mean over masked frames t of  -ln softmax over k (cos(W c_t, e_k) / T)[cluster of frame t]
///            + penalty mean(features²)
///
/// ```swift
/// let hubert = HuBERT(
///     encoder: WaveformEncoder(.wav2vec2()), context: context, clusters: 100,
///     targets: .cepstra(rate: 16000, hop: 320))
/// var clips = AnyIterator([Waveform(windows, rate: 16000)].makeIterator())
/// hubert.fit(key: RandomKey(seed: 0)) { clips.next() }                  // k-means, before the first step
/// let loss = hubert(Waveform(windows, rate: 16000))                     // ln 100 at chance
/// ```
///
/// Targets of the first iteration are cepstra, of a later one the frames of a model that was trained so. Parts:
/// `masked`, `penalty`. Metrics: `accuracy`, and `largest`, that of always predicting the batch's largest cluster. 0
/// where nothing is masked.
///
/// In checkpoints: `encoder.…`, `layer_norm.…`, `post_extract_proj.…`, `mask_emb`, `context.…`, `final_proj.…`,
/// `label_embs_concat`, `clusters.centers`.
/// - Source: Hsu et al. 2021, arXiv:2106.07447, eq. 1 to 3 with alpha 1, as fairseq's `hubert.py`. Deviations: those of
///   ``SpanMasking`` and ``KMeans``; no rows for a dictionary's special tokens; no layer drop.
public final class HuBERT<E: SequenceEncoder>: Objective {
    private let sequences: MaskedSequence<E>
    /// From contexts to the space of the codes.
    public let finalProj: Linear
    /// The codes of the clusters, `[K, d]`.
    public let codes: Parameter
    /// The clusters of the targets.
    public let clusters: KMeans
    /// The features whose clusters are predicted.
    public let targets: FrameTarget<E.Input>
    /// T, of the cosines, and the weight of the features' mean square.
    public let temperature: Float, penalty: Float

    public var checkpointNames: [String: String] { ["sequences": "", "codes": "label_embs_concat"] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: from and to its own width; it sees both sides of a frame.
    ///   - clusters: K.
    ///   - targets: one feature vector for each of the encoder's frames.
    ///   - masking: the paper's by default, which masks more than wav2vec 2.0's.
    ///   - dimension: d of the space in which contexts and codes are compared.
    ///   - temperature: of the cosines, above 0.
    ///   - gradientFactor: of the gradient that reaches the encoder.
    ///   - dropout: on the projected features, in training.
    public init(
        encoder: E, context: any SequenceLayer, clusters: Int = 100, targets: FrameTarget<E.Input>,
        masking: SpanMasking = SpanMasking(fraction: 0.8), dimension: Int = 256, temperature: Float = 0.1,
        penalty: Float = 10, gradientFactor: Float = 0.1, dropout: Float = 0
    ) {
        ShapeCheck.require(
            dimension > 0 && temperature > 0, "HuBERT", "size \(dimension), temperature \(temperature)")
        sequences = MaskedSequence(
            encoder, context: context, masking: masking, gradientFactor: gradientFactor, dropout: dropout)
        finalProj = Linear(context.outputDimension, dimension)
        codes = Parameter([clusters, dimension], .uniform(0...1))
        self.clusters = KMeans(count: clusters, dimension: targets.dimension)
        (self.targets, self.temperature, self.penalty) = (targets, temperature, penalty)
    }

    /// Size D of a context, and of an embedding.
    public var outputDimension: Int { sequences.context.outputDimension }

    /// Finds the clusters of some sequences' targets, as is done once before the first step.
    /// - Parameters:
    ///   - key: of what k-means draws.
    ///   - limit: frames at most.
    ///   - next: the next sequences; is called until there are enough frames, or it returns nil.
    /// - Returns: the number of frames that were clustered.
    @discardableResult
    public func fit(key: RandomKey, limit: Int = 20_000, next: () throws -> E.Input?) rethrows -> Int {
        var points: [Tensor] = [], count = 0
        while count < limit, let input = try next() {
            let lengths = evaluating { detached { sequences.features(input).lengths } }
            let frames = targetFrames(input), steps = frames.shape[1]
            for (n, length) in lengths.enumerated() where count < limit {
                let real = min(length, steps, limit - count)
                points.append(frames.sliced(n..<n + 1, axis: 0).sliced(0..<real, axis: 1).reshaped([real, -1]))
                count += real
            }
        }
        guard count > 0 else { return 0 }
        clusters.fit(.concatenated(points, axis: 0), key: key)
        return count
    }

    private func targetFrames(_ input: E.Input) -> Tensor { detached { targets.frames(input).detached } }

    /// The loss of sequences, masked by their samples' keys, in the surrounding mode.
    public func callAsFunction(_ input: E.Input) -> Loss {
        let features = sequences.features(input)
        return loss(
            features, clusters: clusterIDs(input, features),
            masked: sequences.masking(
                lengths: features.lengths, keys: Computation.sampleKeys(count: features.lengths.count)))
    }

    /// The loss with given clusters `[N, T]` and masks.
    package func callAsFunction(_ input: E.Input, clusters: [Int32], masked: [[Int]]) -> Loss {
        loss(sequences.features(input), clusters: clusters, masked: masked)
    }

    /// The mean of each sequence's contexts over its real frames, nothing masked, `[N, D]`.
    public func embed(_ input: E.Input) -> Tensor { sequences.embed(input) }

    /// Each frame's context, nothing masked, `[N, T, D]`, and which are real: the targets of a later iteration.
    public func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) { sequences.frames(input) }

    /// The cluster of each frame, `N T`; -1 where the targets have a frame fewer.
    private func clusterIDs(_ input: E.Input, _ features: MaskedSequence<E>.Features) -> [Int32] {
        let frames = targetFrames(input), (count, steps) = (features.lengths.count, features.steps)
        let found = frames.shape
        ShapeCheck.require(
            frames.rank == 3 && found[0] == count && abs(found[1] - steps) <= 1 && found[2] == targets.dimension,
            "HuBERT", "targets \(found) for \(count) sequences of \(steps) frames, size \(targets.dimension)")
        let labels = clusters(frames.reshaped([-1, found[2]])).integerScalars
        return (0..<count * steps).map { place in
            place % steps < found[1] ? labels[place / steps * found[1] + place % steps] : -1
        }
    }

    /// How many masked frames have a cluster.
    private static func count(_ clusters: [Int32], _ masked: [[Int]], steps: Int) -> Int {
        masked.enumerated().reduce(0) { sum, item in sum + item.element.count { clusters[item.offset * steps + $0] >= 0 } }
    }

    private func loss(_ features: MaskedSequence<E>.Features, clusters: [Int32], masked: [[Int]]) -> Loss {
        let steps = features.steps
        let places = masked.enumerated().flatMap { n, frames in frames.map { Int32(n * steps + $0) } }.filter {
            clusters[Int($0)] >= 0
        }
        guard !places.isEmpty else { return Loss(Tensor(0)) }
        let labels = places.map { clusters[Int($0)] }
        let contexts = sequences.contexts(features, masked: masked).reshaped([-1, outputDimension])
        let queries = finalProj(contexts.gathered(at: Tensor(places, shape: [places.count])))
        let logits = withPrecision(.float32) {
            queries.l2Normalized().matmul(codes.value.l2Normalized(), transposing: .right) / temperature  // [Q, K]
        }
        let loss = logits.crossEntropy(labels: Tensor(labels, shape: [labels.count]))
        let hits = zip(logits.detached.argmax().integerScalars, labels).count { $0 == $1 }
        var counts: [Int32: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        return Loss(
            penalty == 0 ? loss : loss + penalty * features.penalty,
            parts: [("masked", loss.detached), ("penalty", features.penalty.detached)],
            metrics: [
                ("accuracy", Tensor(Float(hits) / Float(labels.count))),
                ("largest", Tensor(Float(counts.values.max() ?? 0) / Float(labels.count))),
            ])
    }
}

extension HuBERT: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the masked frames of all microbatches; the penalty's mean is weighted likewise.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let sliced = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: sliced.count, atMost: microbatch).meanWithGradient { rows in
            let input = sliced.rows(rows), features = sequences.features(input)
            let clusters = clusterIDs(input, features)
            let masked = sequences.masking(
                lengths: features.lengths, keys: Computation.sampleKeys(count: features.lengths.count))
            let weight = Self.count(clusters, masked, steps: features.steps)
            return (loss(features, clusters: clusters, masked: masked), weight: Double(weight))
        }
    }
}
