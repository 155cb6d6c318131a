import ConcordLayers
public import ConcordTensors

/// Draws the embeddings of one sample by several encoders together, and pushes those of different samples apart.
///
/// ```swift
/// let clip = Contrastive<Pair>(
///     Tower("image", \.image, ResNet(depth: 18)),
///     Tower("text", \.text, TextTransformer(vocabulary: vocabulary, width: 256, depth: 6)),
///     dimension: 256, loss: InfoNCE(temperature: .learned(initial: 0.07)))
/// ```
///
/// Every tower's output `[N, C]` goes through its head, by default a linear layer without bias, to `[N, D]`. With more
/// than two towers the loss is the mean over pairs. At chance it is `ln N`. In checkpoints a tower is stored under its
/// name: `image.encoder.…`, `image.projection.weight`. Towers over one encoder share it (``Tower``).
///
/// Where samples of a batch lack an input (`Available`), each pair of towers is compared over the samples that have
/// both; a pair that no sample has is left out of the mean and of the parts. Without any pair the loss is 0.
///
/// Parts: the loss of each pair of towers, where there are several (`image_text`). Metrics: those of the loss
/// (`logit_scale`), `pairs`, the number of pairs compared, and the spread of each tower's embeddings (`image_spread`):
/// about 1 where they point in all directions, 0 where they are equal (collapse).
///
/// Batches whose activations do not fit in memory are trained in microbatches, with all of the batch's negatives:
/// `microbatch:` of the trainer and of ``valueWithGradient(of:_:microbatch:step:seed:)``. The towers cut the inputs
/// into samples (``RowSliceable``); the batch type needs no conformance for it.
/// - Source: Radford et al. 2021, arXiv:2103.00020, figure 3.
public final class Contrastive<B: Sendable>: Objective {
    /// Which towers are compared with each other.
    public enum Pairing: Sendable, Equatable {
        /// Every pair of towers.
        case all
        /// One with each of the others.
        case anchored(String)
    }

    let towers: [Tower<B>]
    /// The loss of each pair of towers.
    public let loss: any PairLoss
    /// Size D of the shared space.
    public let dimension: Int
    private let pairs: [Pair]
    /// Indices of the towers whose embeddings are further negatives of every pair.
    private let negatives: [Int]
    private let labels: (any KeyPath<B, Tensor?> & Sendable)?

    /// Indices of two towers that are compared with each other.
    private struct Pair: Sendable {
        let first, second: Int
    }

    public var checkpointNames: [String: String] { ["towers": "", "loss": ""] }

    /// - Parameters:
    ///   - towers: two or more, of different names.
    ///   - dimension: size D of the shared space.
    ///   - negatives: names of towers that are compared with none: their embeddings are further candidates for the
    ///     first of each pair. With ``InfoNCE`` alone.
    ///   - labels: where a batch says which samples are each other's positives besides themselves: int32 `[N]`, equal
    ///     for those. Nil, there or in the batch: a sample's only positive is its own.
    public convenience init(
        _ towers: Tower<B>..., dimension: Int, loss: any PairLoss = InfoNCE(), pairs: Pairing = .all,
        negatives: [String] = [], labels: (any KeyPath<B, Tensor?> & Sendable)? = nil
    ) {
        self.init(towers, dimension: dimension, loss: loss, pairs: pairs, negatives: negatives, labels: labels)
    }

    /// The same for towers that are known at run time only.
    public init(
        _ towers: [Tower<B>], dimension: Int, loss: any PairLoss = InfoNCE(), pairs: Pairing = .all,
        negatives: [String] = [], labels: (any KeyPath<B, Tensor?> & Sendable)? = nil
    ) {
        let names = towers.map(\.name)
        ShapeCheck.require(towers.count > 1, "Contrastive", "\(towers.count) tower; two or more wanted")
        ShapeCheck.require(Set(names).count == names.count, "Contrastive", "towers of one name in \(names)")
        ShapeCheck.require(
            negatives.allSatisfy(names.contains) && names.count - Set(negatives).count > 1, "Contrastive",
            "negatives \(negatives) of towers \(names): two other towers wanted")
        ShapeCheck.require(
            negatives.isEmpty || loss is InfoNCE, "Contrastive", "negatives with \(type(of: loss)): InfoNCE wanted")
        self.negatives = names.indices.filter { negatives.contains(names[$0]) }
        let compared = names.indices.filter { !negatives.contains(names[$0]) }
        self.towers = towers.reduce(into: []) { $0.append($1.projected(to: dimension, sharingWith: $0)) }
        self.loss = loss
        self.dimension = dimension
        self.labels = labels
        switch pairs {
        case .all:
            self.pairs = compared.flatMap { first in
                compared.filter { $0 > first }.map { Pair(first: first, second: $0) }
            }
        case .anchored(let name):
            guard let anchor = names.firstIndex(of: name) else {
                ShapeCheck.fail("Contrastive", "no tower \"\(name)\" to anchor at in \(names)")
            }
            self.pairs = compared.filter { $0 != anchor }.map { Pair(first: anchor, second: $0) }
        }
    }

    /// The towers' names, in order.
    public var towerNames: [String] { towers.map(\.name) }

    /// The mean loss over the pairs of towers, in the surrounding mode.
    /// - Returns: `ln N` at chance with ``InfoNCE``; 0 where no pair of towers has a sample in common.
    public func callAsFunction(_ batch: B) -> Loss {
        aligned(towers.map { $0.embeddings(of: batch) }, labels: labels(of: batch))
    }

    /// Whether the loss can be computed from embeddings that go around the ranks.
    var canCirculate: Bool { negatives.isEmpty && (loss as? InfoNCE)?.positiveWeightSigma == nil && loss is InfoNCE }

    /// Which samples of a batch are each other's positives, int32 `[N]`; nil: each its own alone.
    func labels(of batch: B) -> Tensor? { labels.flatMap { batch[keyPath: $0] } }


    /// - Parameters:
    ///   - embeddings: `[n, D]` of each tower, nil where no sample of the batch has its input.
    ///   - labels: int32 `[N]`.
    ///   - isRing: whether the embeddings are this rank's, and go around the others.
    func aligned(_ embeddings: [TowerEmbeddings?], labels: Tensor?, isRing: Bool = false) -> Loss {
        let negatives = self.negatives.compactMap { embeddings[$0]?.values }
        var losses: [Tensor] = [], parts: [(name: String, value: Tensor)] = []
        for pair in pairs {
            guard let first = embeddings[pair.first], let second = embeddings[pair.second],
                let common = first.common(with: second)
            else {
                continue
            }
            let labels = labels.map { labels in
                common.rows.map { labels.gathered(at: TowerEmbeddings.indices($0)) } ?? labels
            }
            if isRing, let infoNCE = loss as? InfoNCE {
                losses.append(infoNCE.ring(common.0, common.1, labels: labels))
            } else if let infoNCE = loss as? InfoNCE, !negatives.isEmpty {
                let all = negatives.count == 1 ? negatives[0] : .concatenated(negatives, axis: 0)
                losses.append(infoNCE(common.0, common.1, negatives: all, labels: labels))
            } else {
                losses.append(loss(common.0, common.1, labels: labels))
            }
            if pairs.count > 1 {
                parts.append(
                    ("\(towers[pair.first].name)_\(towers[pair.second].name)", losses[losses.count - 1].detached))
            }
        }
        var metrics = loss.metrics
        if towers.contains(where: \.mayLackInput) { metrics.append(("pairs", Tensor(Float(losses.count)))) }
        for (tower, embeddings) in zip(towers, embeddings) {
            if let embeddings { metrics.append(("\(tower.name)_spread", Loss.spread(of: embeddings.values))) }
        }
        let total =
            losses.count < 2
            ? losses.first ?? Tensor(0) : losses.dropFirst().reduce(losses[0], +) * (1 / Float(losses.count))
        return Loss(total, parts: parts, metrics: metrics)
    }

    /// Embeddings of one tower's inputs, `[N, D]`, not normalized.
    /// - Precondition: there is a tower of that name, and the input is its encoder's input type.
    public func embed(_ tower: String, _ input: some Sendable) -> Tensor { self.tower(tower)(input) }

    /// The output of a tower's encoder before the head, `[N, C]`: the features that probes are trained on.
    /// - Precondition: there is a tower of that name, and the input is its encoder's input type.
    public func features(_ tower: String, _ input: some Sendable) -> Tensor { self.tower(tower).features(input) }

    private func tower(_ name: String) -> Tower<B> {
        guard let tower = towers.first(where: { $0.name == name }) else {
            ShapeCheck.fail("Contrastive", "no tower \"\(name)\"; there are \(towerNames)")
        }
        return tower
    }
}
