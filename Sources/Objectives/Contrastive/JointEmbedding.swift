public import ConcordLayers
public import ConcordTensors

/// Two views of one sample get embeddings that belong together, by one encoder.
///
/// ```swift
/// let simCLR = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar), head: ProjectionHead(512, hidden: 512, 128), loss: InfoNCE(temperature: .fixed(0.5)))
/// ```
///
/// Each view has its own pass through the encoder, and so its own batch statistics.
/// - Source: Chen, Kornblith, Norouzi, Hinton 2020, arXiv:2002.05709 (SimCLR, with InfoNCE). Their TPU code takes both
///   views through batch normalization in one pass.
public final class JointEmbedding<E: FeatureEncoder>: Objective {
    public typealias Input = Views<E.Input>

    let network: ProjectedEncoder<E>
    public let loss: any PairLoss

    public var checkpointNames: [String: String] { ["network": "", "loss": ""] }

    /// - Parameter head: between encoder and loss; nil: none.
    public init(_ encoder: E, head: ProjectionHead?, loss: any PairLoss) {
        network = ProjectedEncoder(encoder, head: head)
        self.loss = loss
    }

    public var encoder: E { network.encoder }

    public func callAsFunction(_ batch: Views<E.Input>) -> Loss {
        loss(of: network(batch.first), network(batch.second), labels: batch.labels)
    }

    private func loss(of a: Tensor, _ b: Tensor, labels: Tensor?) -> Loss {
        Loss(loss.views(a, b, labels: labels), parts: loss.metrics + [("spread", CollapseMeter.spread(of: a))])
    }

    /// `[N, D]` behind the head, not normalized.
    public func project(_ input: E.Input) -> Tensor { network(input) }
}

extension JointEmbedding: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        E.Input.self is any RowSliceable.Type ? nil : "its input does not say how to be cut into samples (RowSliceable)"
    }

    public func lossWithGradient(of batch: Views<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let first = SlicedInput(batch.first), let second = SlicedInput(batch.second), first.count > microbatch
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        var cache = GradientCache(microbatch: microbatch)
        cache.add(count: first.count) { self.network(first.rows($0)) }
        cache.add(count: second.count) { self.network(second.rows($0)) }
        return cache.lossWithGradient { self.loss(of: $0[0], $0[1], labels: batch.labels) }
    }
}

/// An input that can be cut into samples.
struct SlicedInput<Input: Sendable> {
    let count: Int
    let rows: (Range<Int>) -> Input

    /// Nil where its type does not say how.
    init?(_ input: Input) {
        guard let sliceable = input as? any RowSliceable else { return nil }
        count = sliceable.rowCount
        rows = { range in (sliceable.rows(in: range) as? Input) ?? input }
    }
}
