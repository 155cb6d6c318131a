public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// The contrastive loss of two sets of embeddings: a cross-entropy that identifies each row's positives among all rows
/// of the other set.
///
///     s_ij = similarity(a_i, b_j) / temperature
///     loss = mean over i of  log Z_i - mean over positives p of s_ip,     Z_i = sum over j of e^(s_ij)
///
/// ```swift
/// let clip = InfoNCE(temperature: .learned(initial: 0.07))
/// let loss = clip(images, texts)                                        // [N, D], [N, D] -> []
/// let simCLR = InfoNCE(temperature: .fixed(0.5)).views(first, second)   // NT-Xent
/// ```
///
/// Exact in tiles: the N x N logits never exist, forward or backward; memory grows with N x D. Ranks that share a batch
/// gather its embeddings, and each computes its part of the rows; with `ring` a rank needs its own embeddings alone. At
/// chance the loss is `ln N` (`ln(2N - 1)` for views); the order of a batch does not matter. Known losses are settings
/// of it:
///
/// | loss | settings |
/// |---|---|
/// | CLIP (Radford et al. 2021, arXiv:2103.00020) | the defaults |
/// | InfoNCE (van den Oord et al. 2018, arXiv:1807.03748, eq. 4) | `direction: .oneWay`, `similarity: .dotProduct` |
/// | NT-Xent (Chen et al. 2020, arXiv:2002.05709, eq. 1) | `temperature: .fixed(0.5)`, called by `views` |
/// | SupCon (Khosla et al. 2020, arXiv:2004.11362, eq. 2, the "out" form) | `views` with `labels` |
/// | DCL (Yeh et al. 2021, arXiv:2110.06848, eq. 6) | `decoupled: true` |
/// | DCLW (the same, eq. 7, with sigma) | `decoupled: true`, `positiveWeightSigma: 0.5` |
/// | CPC with given negatives (van den Oord et al. 2018, eq. 4) | called with `in: bank` |
/// | hard negatives (Robinson et al. 2020, arXiv:2010.04592, eq. 4 with tau+ = 0) | `hardNegativeWeight: beta` |
/// | debiased (Chuang et al. 2020, arXiv:2007.00224, eq. 8) | `classPrior: tau+`; with a weight also Robinson's tau+ |
///
/// Debiased, what negatives of the row's own class are expected to add is subtracted from the sum R over M negatives:
/// `G = max((R - tau+ M mean over positives of e^s) / (1 - tau+), M e^(-1 / temperature))`, and `Z = sum over positives
/// of e^s + G`. Where the maximum is its second argument no gradient reaches negatives, as in the authors' code.
public final class InfoNCE: Module {
    /// The similarity of two embeddings.
    public enum Similarity: Sendable {
        /// Of embeddings scaled to length 1.
        case cosine
        /// The inner product, for embeddings of any length.
        case dotProduct
        /// `-|a - b|^2`: the squared distance, so that the softmax over it is a mixture of Gaussians.
        case euclidean
    }

    /// The divisor of similarities.
    public enum Temperature: Sendable {
        /// Always this one.
        case fixed(Float)
        /// A parameter `logit_scale`, `ln(1 / temperature)`, which updates keep in `0 ... ln 100`, as CLIP does.
        case learned(initial: Float)
        /// One that changes over the run, above 0 all the time.
        case scheduled(ScheduledValue)
    }

    /// Which side's rows are queries.
    public enum Direction: Sendable {
        /// Both sides'; the mean of both losses.
        case symmetric
        /// The first side's, with the second side's rows as candidates.
        case oneWay
    }

    /// The similarity of two embeddings.
    public let similarity: Similarity
    /// The divisor of similarities.
    public let temperature: Temperature
    /// The side whose rows are queries.
    public let direction: Direction
    /// Row i of one side is no candidate for row i of the other.
    public let excludesSelf: Bool
    /// Whether positives are left out of the denominator.
    public let decoupled: Bool
    /// beta, at least 0; 0 weighs all negatives equally.
    public let hardNegativeWeight: Float
    /// tau+, the probability that a negative is of its row's class, in `0 ..< 1`.
    public let classPrior: Float
    /// sigma of the positives' weights, above 0; nil weighs all positives equally.
    public let positiveWeightSigma: Float?
    /// Fraction of the target spread evenly over all candidates, in `0 ..< 1`.
    public let smoothing: Float
    /// `ln(1 / temperature)`, of shape `[]`; nil if the temperature is fixed.
    public let logitScale: Parameter?
    /// The temperature of the batch at hand, where it follows a schedule.
    private let scheduledTemperature: ScheduledScalar?

    /// - Parameters:
    ///   - temperature: above 0.
    ///   - excludesSelf: for a set of embeddings compared with itself; the positives are then the rows of equal labels.
    ///   - decoupled: leaves the positives out of the denominator.
    ///   - hardNegativeWeight: beta, at least 0: negatives weigh e^(beta s), normalized to a mean of 1. The gradient
    ///     goes through the weights too, as in the authors' code.
    ///   - smoothing: fraction of the target that is spread evenly over all candidates, in `0 ..< 1`.
    ///   - classPrior: tau+, in `0 ..< 1`: debiases the negatives; with the cosine similarity alone.
    ///   - positiveWeightSigma: above 0: positives' logits weigh `2 - N softmax(cos(a_i, b_i) / sigma)`, a softmax over
    ///     the batch, without a gradient: less where the pair is near already. The paper's is 0.5.
    public init(
        similarity: Similarity = .cosine, temperature: Temperature = .learned(initial: 0.07),
        direction: Direction = .symmetric,
        excludesSelf: Bool = false, decoupled: Bool = false, hardNegativeWeight: Float = 0, smoothing: Float = 0,
        classPrior: Float = 0, positiveWeightSigma: Float? = nil
    ) {
        ShapeCheck.require(
            classPrior == 0 || similarity == .cosine && (0..<1).contains(classPrior), "InfoNCE",
            "classPrior \(classPrior) is not in 0 ..< 1, or the similarity is not the cosine")
        ShapeCheck.require(
            positiveWeightSigma.map { $0 > 0 } ?? true, "InfoNCE",
            "positiveWeightSigma \(positiveWeightSigma ?? 0) is not above 0")
        ShapeCheck.require(hardNegativeWeight >= 0, "InfoNCE", "hardNegativeWeight \(hardNegativeWeight) is below 0")
        ShapeCheck.require((0..<1).contains(smoothing), "InfoNCE", "smoothing \(smoothing) is not in 0 ..< 1")
        (self.similarity, self.temperature, self.direction) = (similarity, temperature, direction)
        (self.excludesSelf, self.decoupled, self.hardNegativeWeight, self.smoothing) = (
            excludesSelf, decoupled, hardNegativeWeight, smoothing
        )
        (self.classPrior, self.positiveWeightSigma) = (classPrior, positiveWeightSigma)
        if case .scheduled(let schedule) = temperature {
            scheduledTemperature = ScheduledScalar(schedule)
        } else {
            scheduledTemperature = nil
        }
        switch temperature {
        case .fixed(let value):
            ShapeCheck.require(value > 0, "InfoNCE", "temperature \(value) is not above 0")
            logitScale = nil
        case .scheduled(let schedule):
            let coldest = min(schedule.initial, schedule.end)
            ShapeCheck.require(coldest > 0, "InfoNCE", "temperature \(schedule) is not above 0 all the time")
            logitScale = nil
        case .learned(let initial):
            ShapeCheck.require(initial > 0, "InfoNCE", "temperature \(initial) is not above 0")
            logitScale = Parameter([], .constant(-log(initial)), range: 0...log(100))
        }
    }

    /// - Parameters:
    ///   - a, b: `[N, D]`; row i of one is a positive of row i of the other.
    ///   - labels: `[N]`, int32: rows of equal labels are positives, several a row.
    /// - Returns: a scalar: the mean over rows that have a positive; 0 if none has.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "InfoNCE", "\(a.shape) against \(b.shape): two [N, D] wanted")
        ShapeCheck.require(
            !excludesSelf || labels != nil, "InfoNCE",
            "excludesSelf leaves no positive without labels; for two views call views(_:_:)")
        return contrast(
            a, b, labels ?? Self.positions(a.shape[0]), weights: positiveWeights(a, b), excludesSelf: excludesSelf,
            isSymmetric: direction == .symmetric)
    }

    /// The loss of two views of each sample: each row of both views is a query, its other view the positive, and all
    /// other rows the candidates.
    ///
    /// - Parameters:
    ///   - a, b: `[N, D]`, the views.
    ///   - labels: `[N]`, int32: samples of equal labels are positives too, in both views.
    /// - Returns: a scalar; `ln(2N - 1)` at chance.
    public func views(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "InfoNCE", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let all = Tensor.concatenated([a, b], axis: 0), labels = labels ?? Self.positions(a.shape[0])
        // The logits are symmetric: either direction is the whole.
        let weights = positiveWeights(a, b).map { Tensor.concatenated([$0, $0], axis: 0) }
        return contrast(
            all, all, .concatenated([labels, labels], axis: 0), weights: weights, excludesSelf: true,
            isSymmetric: false)
    }

    /// `[N]`, mean 1, without a gradient; nil where all weigh the same.
    func positiveWeights(_ a: Tensor, _ b: Tensor) -> Tensor? {
        positiveWeightSigma.map { sigma in
            detached {
                let cosines = (a.detached.l2Normalized() * b.detached.l2Normalized()).sum(axis: 1)
                return 2 - (cosines / sigma).softmax() * Float(a.shape[0])
            }
        }
    }

    /// Rows of `a` as queries, row i of `b` the only positive of row i.
    /// - Parameters:
    ///   - columnShift: `[N]`, subtracted from the logits of each candidate.
    ///   - groups: int32 `[N]`: candidates of the query's own group, its positive apart, are excluded.
    func oneWay(_ a: Tensor, _ b: Tensor, columnShift: Tensor?, groups: Tensor?) -> Tensor {
        var options = options
        (options.isSymmetric, options.columnShift) = (false, columnShift)
        options.groups = groups.map { ($0, $0) }
        let own = Self.positions(a.shape[0])
        return .contrast(a, b, logScale: logScale, rowLabels: own, columnLabels: own, options: options)
    }

    /// The current factor of similarities: `1 / temperature`.
    public var scale: Float { exp(logScale.item) }

    var logScale: Tensor {
        if let logitScale { return logitScale.value }
        if let scheduledTemperature { return Tensor(-log(scheduledTemperature.value)) }
        guard case .fixed(let value) = temperature else { return Tensor(0) }
        return Tensor(-log(value))
    }

    private func contrast(
        _ a: Tensor, _ b: Tensor, _ labels: Tensor, weights: Tensor?, excludesSelf: Bool, isSymmetric: Bool
    ) -> Tensor {
        var options = options
        options.positiveWeights = weights
        (options.isSymmetric, options.excludesSelf) = (isSymmetric, excludesSelf)
        return .contrast(a, b, logScale: logScale, rowLabels: labels, columnLabels: labels, options: options)
    }

    /// The options that the forms of pairs and of candidates have in common.
    var options: ContrastOptions {
        var options = ContrastOptions()
        switch similarity {
        case .cosine: options.similarity = .cosine
        case .dotProduct: options.similarity = .dotProduct
        case .euclidean: options.similarity = .euclidean
        }
        options.isDecoupled = decoupled
        options.hardness = hardNegativeWeight
        options.smoothing = smoothing
        options.classPrior = classPrior
        return options
    }

    private static func positions(_ count: Int) -> Tensor { Tensor((0..<Int32(count)).map { $0 }, shape: [count]) }
}
