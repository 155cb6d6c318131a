import ConcordLayers
public import ConcordTensors

/// Aligns what several encoders make of one sample, and keeps it apart from what they make of others.
///
/// ```swift
/// let clip = Contrastive<Pair>(
///     Tower("image", \.image, ResNet(depth: 18)),
///     Tower("text", \.text, TextTransformer(vocabulary: vocabulary, width: 256, depth: 6)),
///     dimension: 256, loss: InfoNCE(temperature: .learned(initial: 0.07)))
/// ```
///
/// Every tower's output `[N, C]` goes through a linear projection without bias to `[N, D]`. With more than two towers
/// the loss is the mean over pairs. At chance it is `ln N`. In checkpoints a tower stands under its name:
/// `image.encoder.…`, `image.projection.weight`.
///
/// Where samples of a batch lack a modality (`Available`), each pair of towers is held against each other over the
/// samples that have both; a pair that no sample has is left out of the mean and of the parts. Without any pair the
/// loss is 0. Part `pairs` counts them.
///
/// Batches whose activations do not fit are trained in pieces, with all of the batch's negatives: `microbatch:` of the
/// trainer and of ``valueWithGradient(of:_:microbatch:step:seed:)``. Inputs are cut by the towers (``RowSliceable``); a
/// batch needs nothing for it.
/// - Source: Radford et al. 2021, arXiv:2103.00020, metric 3.
public final class Contrastive<B: Sendable>: Objective {
    /// Which towers are held against each other.
    public enum Pairing: Sendable, Equatable {
        case all
        /// One with each of the others.
        case anchored(String)
    }

    let towers: [ProjectedTower<B>]
    public let loss: any PairLoss
    public let dimension: Int
    private let pairs: [Pair]
    private let labels: (any KeyPath<B, Tensor?> & Sendable)?

    /// Places of two towers that are held against each other.
    private struct Pair: Sendable {
        let first, second: Int
    }

    public var checkpointNames: [String: String] { ["towers": "", "loss": ""] }

    /// - Parameters:
    ///   - towers: two or more, of different names.
    ///   - dimension: size D of the shared space.
    ///   - labels: where a batch says which samples are each other's positives besides themselves: int32 `[N]`, equal
    ///     for those. Nil, there or in the batch: a sample's only positive is its own.
    public convenience init(
        _ towers: Tower<B>..., dimension: Int, loss: any PairLoss = InfoNCE(), pairs: Pairing = .all,
        labels: (any KeyPath<B, Tensor?> & Sendable)? = nil
    ) {
        self.init(towers, dimension: dimension, loss: loss, pairs: pairs, labels: labels)
    }

    /// The same for towers that are known at run time only.
    public init(
        _ towers: [Tower<B>], dimension: Int, loss: any PairLoss = InfoNCE(), pairs: Pairing = .all,
        labels: (any KeyPath<B, Tensor?> & Sendable)? = nil
    ) {
        let names = towers.map(\.name)
        ShapeCheck.require(towers.count > 1, "Contrastive", "\(towers.count) tower; two or more wanted")
        ShapeCheck.require(Set(names).count == names.count, "Contrastive", "towers of one name in \(names)")
        self.towers = towers.map { ProjectedTower($0, dimension: dimension) }
        self.loss = loss
        self.dimension = dimension
        self.labels = labels
        switch pairs {
        case .all:
            self.pairs = names.indices.flatMap { first in
                (first + 1..<names.count).map { Pair(first: first, second: $0) }
            }
        case .anchored(let name):
            guard let anchor = names.firstIndex(of: name) else {
                ShapeCheck.fail("Contrastive", "no tower \"\(name)\" to anchor at in \(names)")
            }
            self.pairs = names.indices.filter { $0 != anchor }.map { Pair(first: anchor, second: $0) }
        }
    }

    /// The towers' names, in order.
    public var towerNames: [String] { towers.map(\.name) }

    public func callAsFunction(_ batch: B) -> Loss { aligned(towers.map { $0.embeddings(of: batch) }, in: batch) }

    /// - Parameter embeddings: `[n, D]` of each tower, nil where no sample of the batch has its input.
    func aligned(_ embeddings: [TowerEmbeddings?], in batch: B) -> Loss {
        let labels = labels.flatMap { batch[keyPath: $0] }
        var losses: [Tensor] = [], parts: [(name: String, value: Tensor)] = []
        for pair in pairs {
            guard let first = embeddings[pair.first], let second = embeddings[pair.second],
                let common = first.common(with: second)
            else {
                continue
            }
            let labels = labels.map { labels in
                common.rows.map { labels.gathered(at: TowerEmbeddings.places($0)) } ?? labels
            }
            losses.append(loss(common.0, common.1, labels: labels))
            if pairs.count > 1 {
                parts.append(
                    ("\(towers[pair.first].name)_\(towers[pair.second].name)", losses[losses.count - 1].detached))
            }
        }
        if towers.contains(where: \.mayLack) { parts.append(("pairs", Tensor(Float(losses.count)))) }
        parts += loss.metrics
        for (tower, embeddings) in zip(towers, embeddings) {
            if let embeddings { parts.append(("\(tower.name)_spread", CollapseMeter.spread(of: embeddings.values))) }
        }
        let total =
            losses.count < 2
            ? losses.first ?? Tensor(0) : losses.dropFirst().reduce(losses[0], +) * (1 / Float(losses.count))
        return Loss(total, parts: parts)
    }

    /// Embeddings of one tower's inputs, `[N, D]`, not normalised.
    /// - Precondition: there is a tower of that name, and it takes such an input.
    public func embed(_ tower: String, _ input: some Sendable) -> Tensor {
        let tower = self.tower(tower)
        return tower.projection(tower.encoder.features(ofInput: input, tower: tower.name))
    }

    /// What a tower's encoder makes of inputs before the projection, `[N, C]`: what probes look at.
    public func features(_ tower: String, _ input: some Sendable) -> Tensor {
        let tower = self.tower(tower)
        return tower.encoder.features(ofInput: input, tower: tower.name)
    }

    private func tower(_ name: String) -> ProjectedTower<B> {
        guard let tower = towers.first(where: { $0.name == name }) else {
            ShapeCheck.fail("Contrastive", "no tower \"\(name)\"; there are \(towerNames)")
        }
        return tower
    }
}
