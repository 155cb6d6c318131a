import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Predicts a target network's embedding of one view from the other view.
///
///     loss = 1/2 (loss(predictor(online(v1)), target(v2)) + loss(predictor(online(v2)), target(v1)))
///
/// No gradient reaches the target. Known methods are settings of it:
///
/// | method | target | predictor | loss | symmetric |
/// |---|---|---|---|---|
/// | BYOL (Grill et al. 2020, arXiv:2006.07733) | `.movingAverage(.cosine(from: 0.996))` | yes | `CosineLoss()` | yes |
/// | SimSiam (Chen, He 2021, arXiv:2011.10566) | `.online` | yes | `CosineLoss()` | yes |
/// | MoCo v2 (Chen et al. 2020, arXiv:2003.04297) | `.movingAverage(.constant(0.999))` | no | `QueueContrast` | no |
/// | NNCLR (Dwibedi et al. 2021, arXiv:2104.14548) | `.online` | yes | `NearestNeighborContrast` | yes |
/// | DINO (Caron et al. 2021, arXiv:2104.14294) | as BYOL's | no | `CenteredCrossEntropy` | yes |
/// | MoCo v3 (Chen, Xie, He 2021, arXiv:2104.02057) | `.movingAverage(.cosine(from: 0.99))` | yes | `InfoNCE(direction: .oneWay)` | yes |
///
/// ```swift
/// let byol = SelfDistillation(
///     ResNet(depth: 18, stem: .cifar), projector: ProjectionHead(512, hidden: 4096, 256, norm: .hidden),
///     predictor: ProjectionHead(256, hidden: 4096, 256, norm: .hidden),
///     target: .movingAverage(.cosine(from: 0.996)), loss: CosineLoss())
/// ```
///
/// Scales differ from the papers': BYOL's sum of both directions is four times this loss, MoCo v3's loss is the sum of
/// both times 2 temperature. The target starts equal to the online network. Local views (multi-crop) predict both
/// targets and are none; the loss is the mean over all pairs. Each of the two views has a pass of its own, and so its
/// own batch statistics, and local views have one together. Metrics: those of the loss, and `spread` of the first
/// view's projections, 0 where they collapsed.
public final class SelfDistillation<E: FeatureEncoder>: Objective {
    /// Two views of each sample.
    public typealias Input = Views<E.Input>

    /// The network that computes the targets.
    public enum Target: Sendable, Equatable {
        /// A moving average of the online network.
        case movingAverage(Momentum)
        /// The online network itself, without a gradient.
        case online
        /// The online network itself, with a gradient: without negatives it collapses. For experiments.
        case onlineWithGradient
    }

    let online: ProjectedEncoder<E>
    let predictor: ProjectionHead?
    private let target: MovingAverage<ProjectedEncoder<E>>?
    private let passesGradient: Bool
    /// The loss of predictions and targets.
    public let loss: any PairLoss
    /// Whether each view predicts the other; else the first alone predicts the second.
    public let isSymmetric: Bool

    public var checkpointNames: [String: String] { ["online": "", "loss": ""] }

    /// - Parameters:
    ///   - projector: between encoder and predictor, of the target too; nil: none.
    ///   - predictor: of the online network alone; nil: none.
    ///   - loss: of predictions and targets.
    ///   - isSymmetric: whether each view predicts the other; else the first alone predicts the second.
    public init(
        _ encoder: E, projector: ProjectionHead?, predictor: ProjectionHead?, target: Target, loss: any PairLoss,
        isSymmetric: Bool = true
    ) {
        online = ProjectedEncoder(encoder, head: projector)
        self.predictor = predictor
        if case .movingAverage(let momentum) = target {
            self.target = MovingAverage(of: online, momentum: momentum)
        } else {
            self.target = nil
        }
        passesGradient = target == .onlineWithGradient
        (self.loss, self.isSymmetric) = (loss, isSymmetric)
    }

    /// The online encoder, which is kept after training.
    public var encoder: E { online.encoder }

    /// The loss of two views, in the surrounding mode.
    public func callAsFunction(_ batch: Views<E.Input>) -> Loss {
        let first = online(batch.first), second = isSymmetric ? online(batch.second) : nil
        let local = batch.local.map { predictions(online($0.input)) }
        let targets = (
            isSymmetric ? targets(batch.first, online: first) : nil, targets(batch.second, online: second)
        )
        return loss(
            of: predictions(first), second.map(predictions), local, targets, spread: first, labels: batch.labels)
    }

    private func predictions(_ x: Tensor) -> Tensor { predictor.map { $0(x) } ?? x }

    /// `[N, D]`, without a gradient.
    private func targets(_ input: E.Input, online known: Tensor?) -> Tensor {
        if let target { return target { $0(input) } }
        guard let known else { return detached { online(input) } }
        return passesGradient ? known : known.detached
    }

    private func loss(
        of first: Tensor, _ second: Tensor?, _ local: Tensor?, _ targets: (Tensor?, Tensor), spread: Tensor,
        labels: Tensor?
    ) -> Loss {
        let total: Tensor
        if let second, let other = targets.0 {
            total = loss.multiCrop(
                predictions: (first, second), local: local, targets: (other, targets.1), labels: labels)
        } else {
            ShapeCheck.require(local == nil, "SelfDistillation", "local views where the first alone predicts")
            total = loss(first, targets.1, labels: labels)
        }
        let metrics = loss.metrics + loss.metrics(targets: targets.1)
        return Loss(total, metrics: metrics + [("spread", Loss.spread(of: spread))])
    }

    /// The output of the projector, `[N, D]`, not normalized.
    public func project(_ input: E.Input) -> Tensor { online(input) }
}

extension SelfDistillation: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        passesGradient
            ? "gradients through its targets need the whole batch" : SlicedInput<E.Input>.unsupportedReason
    }

    public func lossWithGradient(of batch: Views<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let first = SlicedInput(batch.first), let second = SlicedInput(batch.second),
            !Microbatches.isWhole(first.count, atMost: microbatch)
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        let microbatches = Microbatches(of: first.count, atMost: microbatch)
        /// Targets of a view, a microbatch at a time. Where the network is its own target, this pass leaves the running
        /// statistics as they are: the online pass updates them.
        func targets(_ view: SlicedInput<E.Input>) -> Tensor {
            let parts = microbatches.encoding(updatingBuffers: target != nil) {
                self.targets(view.rows($0), online: nil)
            }
            return Tensor.concatenated(parts, axis: 0).gatheredFromRanks(rows: microbatches.counts)
        }
        let labels = batch.labels?.gatheredFromRanks()
        let known = (isSymmetric ? targets(first) : nil, targets(second))
        var cache = GradientCache(microbatch: microbatch)
        let local = batch.local.flatMap { SlicedInput($0.input) }
        let views = (isSymmetric ? [first, second] : [first]) + [local].compactMap { $0 }
        for (place, view) in views.enumerated() {
            let isLocal = local != nil && place == views.count - 1
            cache.add(count: view.count, views: isLocal ? batch.local?.count ?? 1 : 1) { rows in
                let projections = self.online(view.rows(rows))
                guard let predictor = self.predictor else { return projections }
                return .concatenated([predictor(projections), projections.detached], axis: 1)
            }
        }
        return cache.lossWithGradient { values in
            let size = predictor?.outputDimension
            let predictions = size.map { size in values.map { $0.sliced(0..<size, axis: 1) } } ?? values
            let projections = size.map { values[0].sliced($0..<values[0].shape[1], axis: 1) } ?? values[0]
            return self.loss(
                of: predictions[0], isSymmetric ? predictions[1] : nil,
                local == nil ? nil : predictions[predictions.count - 1], known, spread: projections,
                labels: labels)
        }
    }
}
