public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Replaces each vector by one code of each of G groups, chosen by a softmax that gradients pass through.
///
///     training:    p = softmax((logits + noise) / temperature),  code = the largest;  gradients as if p was chosen
///     evaluation:  code = the largest logit
///
/// ```swift
/// let quantizer = GumbelQuantizer(512, groups: 2, codes: 320, dimension: 256)
/// let quantized = quantizer(features, noise: noise)                     // [Q, 512] -> values [Q, 256], codes [Q, 2]
/// ```
/// Noise is Gumbel's, `-ln(-ln(U))`. The temperature falls with the updates and is a buffer: a resumed run has it bit
/// for bit. In checkpoints: `vars`, `weight_proj.…`, `temperature`.
/// - Source: Jang et al. 2016, arXiv:1611.01144, and Baevski et al. 2020, arXiv:2006.11477, section 2, as fairseq's
///   `gumbel_vector_quantizer.py`. Deviation: the chosen code is exact, where adding and subtracting p rounds it.
public final class GumbelQuantizer: UpdateObserver {
    /// How the temperature of the softmax falls: `max(end, start decay^updates)`.
    public struct Annealing: Sendable, Equatable {
        /// Before the first update, and the least one; above 0.
        public var start: Float, end: Float
        /// The factor of an update, in `0 ... 1`.
        public var decay: Double

        /// The paper's for its base model by default.
        public init(start: Float = 2, end: Float = 0.5, decay: Double = 0.999995) {
            (self.start, self.end, self.decay) = (start, end, decay)
        }

        /// The temperature after so many updates.
        public func value(after updates: Int) -> Float { max(end, start * Float(pow(decay, Double(updates)))) }
    }

    /// What becomes of Q vectors.
    public struct Output: Sendable {
        /// `[Q, D]`: the chosen codes' vectors, one group after the other.
        public let values: Tensor
        /// `[Q, G]`, int32: the chosen codes.
        public let codes: Tensor
        /// A scalar, in `G ... G V`: over the groups, the sum of e to the entropy of the mean softmax.
        public let perplexity: Tensor
    }

    /// To the logits of all codes, `[G V, C]`.
    public let weightProj: Linear
    /// The codes' vectors, `[1, G V, D / G]`.
    public let vars: Parameter
    /// Of the softmax; a scalar.
    public let temperature: Buffer
    /// How the temperature falls.
    public let annealing: Annealing
    /// Groups G, and codes V of each.
    public let groups: Int, codes: Int
    /// Size D of a quantized vector.
    public let outputDimension: Int

    /// - Parameters:
    ///   - inputs: size C of a vector.
    ///   - groups: G, a divisor of `dimension`.
    ///   - codes: V of each group, at least 1.
    ///   - dimension: D.
    public init(
        _ inputs: Int, groups: Int = 2, codes: Int = 320, dimension: Int = 256, annealing: Annealing = Annealing()
    ) {
        ShapeCheck.require(
            groups > 0 && codes > 0 && dimension % groups == 0, "GumbelQuantizer",
            "\(groups) groups of \(codes) codes, size \(dimension): the groups have to divide the size")
        ShapeCheck.require(
            annealing.start > 0 && annealing.end > 0 && (0...1).contains(annealing.decay), "GumbelQuantizer",
            "temperature \(annealing): above 0, with a decay in 0 ... 1")
        weightProj = Linear(inputs, groups * codes, weights: .normal(std: 1), biases: .zeros)
        vars = Parameter([1, groups * codes, dimension / groups], .uniform(0...1))
        temperature = Buffer(Tensor(annealing.start), underMicrobatches: .last)
        (self.annealing, outputDimension) = (annealing, dimension)
        (self.groups, self.codes) = (groups, codes)
    }

    /// - Parameters:
    ///   - x: `[Q, C]`.
    ///   - noise: Gumbel noise `[Q, G, V]` on the logits; nil: none, and codes without a gradient, as in evaluation.
    public func callAsFunction(_ x: Tensor, noise: Tensor? = nil) -> Output {
        ShapeCheck.rank(x, 2, "[Q, C]", in: "GumbelQuantizer")
        let count = x.shape[0], size = outputDimension / groups
        return withPrecision(.float32) {
            let logits = weightProj(x).reshaped([count, groups, codes])
            let mean = logits.softmax().mean(axis: 0)  // [G, V]
            let perplexity = (mean * (mean + 1e-7).log()).sum(axis: 1)
            let chosen: Tensor  // [Q, G, V]
            if let noise {
                ShapeCheck.require(
                    noise.shape == logits.shape, "GumbelQuantizer", "noise \(noise.shape) for \(logits.shape)")
                let soft = ((logits + noise) / temperature.value.item).softmax()
                chosen = Tensor.custom([soft], name: "straightThrough") { [codes] in
                    $0[0].argmax().oneHot(codes)
                } pullback: { _, _, upstream, needs in
                    [needs[0] ? upstream : nil]
                }
            } else {
                chosen = logits.detached.argmax().oneHot(codes)
            }
            // [G, Q, D / G]
            let vectors = chosen.permuted([1, 0, 2]).matmul(vars.value.reshaped([groups, codes, size]))
            return Output(
                values: vectors.permuted([1, 0, 2]).reshaped([count, outputDimension]),
                codes: chosen.detached.argmax(), perplexity: (-perplexity).exp().sum())
        }
    }

    /// Gumbel noise of so many logits.
    public static func noise(_ count: Int, using random: inout RandomSequence) -> [Float] {
        (0..<count).map { _ in
            Float(-log(-log((Double(random.next() >> 11) + 0.5) * 0x1p-53)))
        }
    }

    public func parametersDidInitialize() {}

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        temperature.assign(Tensor(annealing.value(after: progress.step)))
    }
}
