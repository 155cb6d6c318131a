import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Draws two views of one sample together in the embedding of one encoder.
///
/// ```swift
/// let simCLR = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar), head: ProjectionHead(512, hidden: 512, 128),
///     loss: InfoNCE(temperature: .fixed(0.5)))
/// ```
///
/// Each view has its own pass through the encoder, and so its own batch statistics; local views (multi-crop), which a
/// ``MultiCropLoss`` alone takes, have one together. Metrics: those of the loss, and `spread` of the first view's
/// projections, 0 where they collapsed.
/// - Source: Chen, Kornblith, Norouzi, Hinton 2020, arXiv:2002.05709 (SimCLR, with InfoNCE). Their TPU code passes both
///   views through batch normalization together.
public final class JointEmbedding<E: FeatureEncoder>: Objective {
    /// Two views of each sample.
    public typealias Input = Views<E.Input>

    let network: ProjectedEncoder<E>
    /// The loss of the two views.
    public let loss: any PairLoss

    public var checkpointNames: [String: String] { ["network": "", "loss": ""] }

    /// - Parameters:
    ///   - head: between encoder and loss; nil: none.
    ///   - loss: of the two views' projections, called by ``PairLoss/views(_:_:labels:)``.
    public init(_ encoder: E, head: ProjectionHead?, loss: any PairLoss) {
        network = ProjectedEncoder(encoder, head: head)
        self.loss = loss
    }

    /// The encoder, which is kept after training.
    public var encoder: E { network.encoder }

    /// The loss of two views, in the surrounding mode.
    public func callAsFunction(_ batch: Views<E.Input>) -> Loss {
        let a = network(batch.first), b = network(batch.second)
        return loss(of: a, b, batch.local.map { network($0.input) }, labels: batch.labels)
    }

    private func loss(of a: Tensor, _ b: Tensor, _ local: Tensor?, labels: Tensor?) -> Loss {
        let total: Tensor
        if let local {
            guard let loss = loss as? any MultiCropLoss else {
                ShapeCheck.fail("JointEmbedding", "local views, and \(type(of: loss)) is no MultiCropLoss")
            }
            total = loss.views(a, b, local: local, labels: labels)
        } else {
            total = loss.views(a, b, labels: labels)
        }
        return Loss(total, metrics: loss.metrics + [("spread", Loss.spread(of: a))])
    }

    /// The output of the head, `[N, D]`, not normalized.
    public func project(_ input: E.Input) -> Tensor { network(input) }
}

extension JointEmbedding: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    public func lossWithGradient(of batch: Views<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let first = SlicedInput(batch.first), let second = SlicedInput(batch.second),
            !Microbatches.isWhole(first.count, atMost: microbatch)
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        var cache = GradientCache(microbatch: microbatch)
        cache.add(count: first.count) { self.network(first.rows($0)) }
        cache.add(count: second.count) { self.network(second.rows($0)) }
        let local = batch.local.flatMap { SlicedInput($0.input) }
        if let local, let views = batch.local?.count {
            cache.add(count: local.count, views: views) { self.network(local.rows($0)) }
        }
        if let infoNCE = loss as? InfoNCE, Context.current.circulatesEmbeddings, local == nil,
            infoNCE.positiveWeightSigma == nil
        {
            return cache.lossWithGradient(isGathering: false) {
                let total = infoNCE.ringViews($0[0], $0[1], labels: batch.labels)
                return Loss(total, metrics: loss.metrics + [("spread", Loss.spread(of: $0[0]))])
            }
        }
        let labels = batch.labels?.gatheredFromRanks()
        return cache.lossWithGradient { self.loss(of: $0[0], $0[1], local == nil ? nil : $0[2], labels: labels) }
    }
}

/// An encoder with its projection head.
final class ProjectedEncoder<E: FeatureEncoder>: Module {
    let encoder: E
    /// Nil: the loss sees the encoder's output.
    let head: ProjectionHead?

    init(_ encoder: E, head: ProjectionHead?) {
        (self.encoder, self.head) = (encoder, head)
        guard let head else { return }
        let (wanted, found) = (head.inputDimension, encoder.outputDimension)
        ShapeCheck.require(
            wanted == found, "ProjectionHead", "its input has \(wanted) numbers, the encoder's output \(found)")
    }

    var outputDimension: Int { head?.outputDimension ?? encoder.outputDimension }

    /// `[N, D]`.
    func callAsFunction(_ input: E.Input) -> Tensor {
        let features = encoder(input)
        return head.map { $0(features) } ?? features
    }
}
