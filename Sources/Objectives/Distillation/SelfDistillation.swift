public import ConcordLayers
public import ConcordTensors

/// One view's embedding predicts what a target network makes of the other view.
///
///     loss = 1/2 (loss(predictor(online(v1)), target(v2)) + loss(predictor(online(v2)), target(v1)))
///
/// No gradient reaches the target. Which method it is, its parts say:
///
/// | method | target | predictor | loss | both ways |
/// |---|---|---|---|---|
/// | BYOL (Grill et al. 2020, arXiv:2006.07733) | `.movingAverage(.cosine(from: 0.996))` | yes | `CosineLoss()` | yes |
/// | SimSiam (Chen, He 2021, arXiv:2011.10566) | `.online` | yes | `CosineLoss()` | yes |
/// | MoCo v2 (Chen et al. 2020, arXiv:2003.04297) | `.movingAverage(.constant(0.999))` | no | `QueueContrast` | no |
/// | MoCo v3 (Chen, Xie, He 2021, arXiv:2104.02057) | `.movingAverage(.cosine(from: 0.99))` | yes | `InfoNCE(direction: .oneWay)` | yes |
///
/// ```swift
/// let byol = SelfDistillation(
///     ResNet(depth: 18, stem: .cifar), projector: ProjectionHead(512, hidden: 4096, 256, norm: .hidden),
///     predictor: ProjectionHead(256, hidden: 4096, 256, norm: .hidden), target: .movingAverage(.cosine(from: 0.996)), loss: CosineLoss())
/// ```
///
/// Scales differ from the papers': BYOL's sum of both ways is four times ours, MoCo v3's loss is 2 temperature times
/// the sum of both. The target starts equal to the online network.
public final class SelfDistillation<E: FeatureEncoder>: Objective {
    public typealias Input = Views<E.Input>

    /// Where targets come from.
    public enum Target: Sendable, Equatable {
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
    public let loss: any PairLoss
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

    public var encoder: E { online.encoder }

    public func callAsFunction(_ batch: Views<E.Input>) -> Loss {
        let first = online(batch.first), second = isSymmetric ? online(batch.second) : nil
        let targets = (
            isSymmetric ? targets(batch.first, online: first) : nil, targets(batch.second, online: second)
        )
        return loss(of: predictions(first), second.map(predictions), targets, spread: first, labels: batch.labels)
    }

    private func predictions(_ x: Tensor) -> Tensor { predictor.map { $0(x) } ?? x }

    /// `[N, D]`, without a gradient.
    private func targets(_ input: E.Input, online known: Tensor?) -> Tensor {
        if let target { return target { $0(input) } }
        guard let known else { return detached { online(input) } }
        return passesGradient ? known : known.detached
    }

    private func loss(
        of first: Tensor, _ second: Tensor?, _ targets: (Tensor?, Tensor), spread: Tensor, labels: Tensor?
    ) -> Loss {
        var total = loss(first, targets.1, labels: labels)
        if let second, let other = targets.0 { total = (total + loss(second, other, labels: labels)) * 0.5 }
        return Loss(total, parts: loss.metrics + [("spread", CollapseMeter.spread(of: spread))])
    }

    /// `[N, D]` behind the projector, not normalized.
    public func project(_ input: E.Input) -> Tensor { online(input) }
}

extension SelfDistillation: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        if passesGradient { return "gradients through its targets want the whole batch" }
        return E.Input.self is any RowSliceable.Type
            ? nil : "its input does not say how to be cut into samples (RowSliceable)"
    }

    public func lossWithGradient(of batch: Views<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let first = SlicedInput(batch.first), let second = SlicedInput(batch.second), first.count > microbatch
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        let pieces = Microbatches(of: first.count, atMost: microbatch)
        /// Targets of a view, a piece at a time; where the network is its own target they are made with the running
        /// statistics kept still, for the online pass moves them.
        func targets(_ view: SlicedInput<E.Input>) -> Tensor {
            .concatenated(
                pieces.encoding(movingBuffers: target != nil) { self.targets(view.rows($0), online: nil) }, axis: 0)
        }
        let known = (isSymmetric ? targets(first) : nil, targets(second))
        var cache = GradientCache(microbatch: microbatch)
        for view in isSymmetric ? [first, second] : [first] {
            cache.add(count: view.count) { self.predictions(self.online(view.rows($0))) }
        }
        return cache.lossWithGradient { values in
            self.loss(of: values[0], values.count > 1 ? values[1] : nil, known, spread: values[0], labels: batch.labels)
        }
    }
}
