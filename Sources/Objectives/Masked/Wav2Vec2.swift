public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Finds, at each masked frame of a sequence, that frame's quantized features among those of other masked frames of the
/// same sequence (wav2vec 2.0).
///
///     loss = mean over masked frames t of
///                ln(sum over q_t and M negatives q of e^(cos(c_t, q) / T)) - cos(c_t, q_t) / T
///            + diversity (G V - perplexity) / (G V) + penalty mean(features²)
///
/// ```swift
/// let context = TransformerContext(
///     256, depth: 4, heads: 4, positions: .convolutional(kernel: 128, groups: 16), placement: .post)
/// let wav2vec2 = Wav2Vec2(encoder: WaveformEncoder(.wav2vec2(width: 256)), context: context)
/// let loss = wav2vec2(Waveform(windows, rate: 16000))
/// ```
///
/// Masks, negatives and Gumbel noise are functions of the samples' keys. The contrastive part is `ln(M + 1)` at chance,
/// less where the codes of negatives equal the positive's: those are excluded. Sequences of fewer than two masked
/// frames have no negatives and are left out; 0 where all are. Parts: `contrastive`, `diversity`, `penalty`. Metrics:
/// `accuracy`; `perplexity`, the number of codes in use, of G to G V: **near G the codes have collapsed**, whatever
/// the loss says; `temperature` of the quantizer.
///
/// In checkpoints: `encoder.…`, `layer_norm.…`, `post_extract_proj.…`, `mask_emb`, `context.…`, `quantizer.…`,
/// `project_q.…`, `final_proj.…`.
/// - Source: Baevski, Zhou, Mohamed, Auli 2020, arXiv:2006.11477, eq. 2 to 4, as fairseq's `wav2vec2.py`. Deviations:
///   those of ``SpanMasking`` and ``GumbelQuantizer``; no layer drop; the penalty is over real frames.
public final class Wav2Vec2<E: SequenceEncoder>: Objective {
    private let sequences: MaskedSequence<E>
    /// From features to codes.
    public let quantizer: GumbelQuantizer
    /// From codes, and from contexts, to the space in which they are compared.
    public let projectQ: Linear, finalProj: Linear
    /// Number M of negatives of a masked frame.
    public let negatives: Int
    /// T, of the cosines.
    public let temperature: Float
    /// Weights of the two added parts.
    public let diversity: Float, penalty: Float

    public var checkpointNames: [String: String] { ["sequences": ""] }

    /// - Parameters:
    ///   - encoder: its `features` are the frames.
    ///   - context: from and to its own width; it sees both sides of a frame.
    ///   - quantizer: of the encoder's feature size; two groups of 320 codes where nil.
    ///   - masking: which frames are masked.
    ///   - negatives: drawn with replacement for each masked frame, at least 1.
    ///   - dimension: of the space in which contexts and codes are compared.
    ///   - temperature: of the cosines, above 0.
    ///   - diversity, penalty: weights; 0 leaves a part out of the sum.
    ///   - gradientFactor: of the gradient that reaches the encoder.
    ///   - dropout: on features and on their projections, in training.
    public init(
        encoder: E, context: any SequenceLayer, quantizer: GumbelQuantizer? = nil,
        masking: SpanMasking = SpanMasking(), negatives: Int = 100, dimension: Int = 256, temperature: Float = 0.1,
        diversity: Float = 0.1, penalty: Float = 10, gradientFactor: Float = 0.1, dropout: Float = 0
    ) {
        ShapeCheck.require(
            negatives > 0 && dimension > 0 && temperature > 0, "Wav2Vec2",
            "\(negatives) negatives, size \(dimension), temperature \(temperature): all have to be above 0")
        sequences = MaskedSequence(
            encoder, context: context, masking: masking, gradientFactor: gradientFactor, dropout: dropout)
        let quantizer = quantizer ?? GumbelQuantizer(encoder.featureDimension, dimension: dimension)
        self.quantizer = quantizer
        projectQ = Linear(quantizer.outputDimension, dimension)
        finalProj = Linear(context.outputDimension, dimension)
        (self.negatives, self.temperature) = (negatives, temperature)
        (self.diversity, self.penalty) = (diversity, penalty)
    }

    /// The encoder of the frames.
    public var encoder: E { sequences.encoder }
    /// The transformer over the frames.
    public var context: any SequenceLayer { sequences.context }
    /// Size D of a context, and of an embedding.
    public var outputDimension: Int { sequences.context.outputDimension }

    /// What is drawn for a batch.
    package struct Draws {
        /// Of each sequence, its masked frames.
        package let masked: [[Int]]
        /// Of each masked frame of a sequence M others, places in the sequence's list of masked frames.
        package let negatives: [[Int]]
        /// Of each masked frame, G V numbers; nil in evaluation.
        package let noise: [Float]?

        package init(masked: [[Int]], negatives: [[Int]], noise: [Float]?) {
            (self.masked, self.negatives, self.noise) = (masked, negatives, noise)
        }
    }

    /// The loss of sequences, in the surrounding mode.
    public func callAsFunction(_ input: E.Input) -> Loss {
        let features = sequences.features(input)
        return loss(features, draws(features.lengths))
    }

    /// The loss with given draws.
    package func callAsFunction(_ input: E.Input, _ draws: Draws) -> Loss { loss(sequences.features(input), draws) }

    /// The mean of each sequence's contexts over its real frames, nothing masked, `[N, D]`.
    public func embed(_ input: E.Input) -> Tensor { sequences.embed(input) }

    /// Each frame's context, nothing masked, `[N, T, D]`, and which are real.
    public func frames(_ input: E.Input) -> (frames: Tensor, mask: Tensor?) { sequences.frames(input) }

    private func draws(_ lengths: [Int]) -> Draws {
        let keys = Computation.sampleKeys(count: lengths.count)
        let masked = sequences.masking(lengths: lengths, keys: keys).map { $0.count < 2 ? [] : $0 }
        var negatives: [[Int]] = [], noise: [Float] = []
        for (frames, key) in zip(masked, keys) {
            var random = key.derived("negatives").sequence, gumbel = key.derived("gumbel").sequence
            for place in frames.indices {
                negatives.append(
                    (0..<self.negatives).map { _ in
                        let other = random.integer(below: frames.count - 1)
                        return other < place ? other : other + 1
                    })
            }
            guard Computation.isTraining else { continue }
            noise += GumbelQuantizer.noise(frames.count * quantizer.groups * quantizer.codes, using: &gumbel)
        }
        return Draws(masked: masked, negatives: negatives, noise: Computation.isTraining ? noise : nil)
    }

    private func loss(_ features: MaskedSequence<E>.Features, _ draws: Draws) -> Loss {
        let steps = features.steps, size = features.normalized.shape[2]
        let places = draws.masked.enumerated().flatMap { n, frames in frames.map { Int32(n * steps + $0) } }
        let count = places.count
        guard count > 0 else { return Loss(Tensor(0)) }
        let rows = Tensor(places, shape: [count])
        let targets = sequences.dropped(features.normalized).reshaped([-1, size]).gathered(at: rows)  // [Q, C]
        let noise = draws.noise.map { Tensor($0, shape: [count, quantizer.groups, quantizer.codes]) }
        let quantized = quantizer(targets, noise: noise)
        let contexts = sequences.contexts(features, masked: draws.masked).reshaped([-1, outputDimension])
        let (contrast, accuracy) = contrast(
            finalProj(contexts.gathered(at: rows)), projectQ(quantized.values), quantized.codes, draws)
        let all = Float(quantizer.groups * quantizer.codes)
        let unused = (all - quantized.perplexity) / all
        return Loss(
            contrast + diversity * unused + penalty * features.penalty,
            parts: [
                ("contrastive", contrast.detached), ("diversity", unused.detached),
                ("penalty", features.penalty.detached),
            ],
            metrics: [
                ("accuracy", Tensor(accuracy)), ("perplexity", quantized.perplexity.detached),
                ("temperature", quantizer.temperature.value),
            ])
    }

    /// The mean cross-entropy of masked frames, and the fraction whose own codes have a larger cosine than all
    /// negatives.
    ///
    /// A sequence's frames are compared with all of its masked frames at once, each of which counts as often as it was
    /// drawn: `ln(times)` is added to its logit.
    /// - Parameters:
    ///   - contexts, codes: `[Q, d]`.
    ///   - choices: `[Q, G]`, int32.
    private func contrast(
        _ contexts: Tensor, _ codes: Tensor, _ choices: Tensor, _ draws: Draws
    ) -> (loss: Tensor, accuracy: Float) {
        let groups = draws.masked.filter { !$0.isEmpty }.map(\.count), width = groups.max() ?? 0
        let chosen = choices.integerScalars, choice = choices.shape[1]
        func equal(_ a: Int, _ b: Int) -> Bool {
            (0..<choice).allSatisfy { chosen[a * choice + $0] == chosen[b * choice + $0] }
        }
        var padded: [Int32] = [], labels: [Int32] = []
        var weights = [Float](repeating: Self.excluded, count: groups.count * width * width)
        var first = 0
        for (group, count) in groups.enumerated() {
            for place in 0..<width {
                padded.append(Int32(first + (place < count ? place : 0)))
                labels.append(place < count ? Int32(place) : -1)
                guard place < count else { continue }
                let row = (group * width + place) * width
                var times = [Int](repeating: 0, count: count)
                for other in draws.negatives[first + place] { times[other] += 1 }
                for (other, times) in times.enumerated() where times > 0 && !equal(first + place, first + other) {
                    weights[row + other] = log(Float(times))
                }
                weights[row + place] = 0
            }
            first += count
        }
        let index = Tensor(padded, shape: [padded.count]), shape = [groups.count, width, contexts.shape[1]]
        return withPrecision(.float32) {
            let queries = contexts.l2Normalized().gathered(at: index).reshaped(shape)
            let keys = codes.l2Normalized().gathered(at: index).reshaped(shape)
            let cosines = queries.matmul(keys, transposing: .right) / temperature  // [n, m, m]
            let logits = (cosines + Tensor(weights, shape: cosines.shape)).reshaped([padded.count, width])
            let loss = logits.crossEntropy(labels: Tensor(labels, shape: [labels.count]), ignoring: -1)
            return (loss, Self.accuracy(cosines.detached.scalars, weights, labels, width: width))
        }
    }

    /// Of negatives that are excluded: e to it is 0.
    private static var excluded: Float { -1e9 }

    private static func accuracy(_ cosines: [Float], _ weights: [Float], _ labels: [Int32], width: Int) -> Float {
        var hits = 0, count = 0
        for (row, label) in labels.enumerated() where label >= 0 {
            let own = row * width + Int(label)
            count += 1
            hits += (row * width..<(row + 1) * width).contains { place in
                place != own && weights[place] != excluded && cosines[place] >= cosines[own]
            } ? 0 : 1
        }
        return Float(hits) / Float(max(1, count))
    }
}

extension Wav2Vec2: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        "its diversity is that of the whole batch's codes"
    }

    public var ranksUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    /// The mean over the masked frames of all ranks. Negatives are of the frame's own sequence; diversity and penalty
    /// are those of each rank's share, averaged likewise, as in fairseq.
    public func lossWithGradient(of input: E.Input, microbatch: Int) -> (Loss, Gradients) {
        guard let sliced = SlicedInput(input) else { return Microbatches.wholeWithGradient { self(input) } }
        return Microbatches(of: sliced.count, atMost: sliced.count).meanWithGradient { rows in
            let features = sequences.features(sliced.rows(rows)), draws = draws(features.lengths)
            return (loss(features, draws), weight: Double(draws.masked.reduce(0) { $0 + $1.count }))
        }
    }
}
