import ConcordLayers
public import ConcordTensors

/// Draws an anchor nearer to its positive than to a negative by a margin.
///
///     loss = mean over triplets of  max(0, d(a, p) - d(a, n) + margin)
///
/// Triplets are mined within the batch by labels. As a pair loss it takes the rows of both sides together: the two rows
/// of a sample, and rows of equal labels, are positives.
///
/// ```swift
/// TripletLoss(mining: .semiHard, margin: 0.2, distance: .cosine)
/// ```
/// - Source: Schroff, Kalenichenko, Philbin 2015, arXiv:1503.03832 (semi-hard); Hermans, Beyer, Leibe 2017,
///   arXiv:1703.07737 (batch-hard, batch-all). Means and ties as in sentence-transformers.
public final class TripletLoss: PairLoss {
    /// Which triplets of a batch are used.
    public enum Mining: String, Sendable, CaseIterable {
        /// All; the mean is over those that are not yet apart by the margin.
        case batchAll = "batch_all"
        /// The farthest positive and the nearest negative of each anchor; the mean is over all anchors. An anchor
        /// without a positive has a positive distance of 0.
        case batchHard = "batch_hard"
        /// For each anchor and positive, the nearest negative that is farther than the positive, else the farthest
        /// negative; the mean is over all pairs of anchor and positive.
        case semiHard = "semi_hard"
    }

    /// The distance of two embeddings.
    public enum Distance: String, Sendable, CaseIterable {
        /// The Euclidean distance.
        case euclidean
        /// `1 - cos`.
        case cosine
    }

    /// Which triplets of a batch are used.
    public let mining: Mining
    /// By how much a negative has to be farther than a positive, at least 0, in the distance's unit.
    public let margin: Float
    /// The distance of two embeddings.
    public let distance: Distance

    /// - Parameter margin: in the distance's unit, at least 0.
    public init(mining: Mining = .semiHard, margin: Float = 5, distance: Distance = .euclidean) {
        ShapeCheck.require(margin >= 0, "TripletLoss", "margin \(margin) is below 0")
        (self.mining, self.margin, self.distance) = (mining, margin, distance)
    }

    /// The loss of the rows of both sides together.
    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: int32 `[N]`: rows of equal labels are positives too; nil: the two rows of a sample alone.
    /// - Returns: a scalar; 0 where the batch has no triplet.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "TripletLoss", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let labels = labels ?? Tensor((0..<Int32(a.shape[0])).map { $0 }, shape: [a.shape[0]])
        return self(.concatenated([a, b], axis: 0), labels: .concatenated([labels, labels], axis: 0))
    }

    /// The loss of one set of labeled embeddings.
    /// - Parameters:
    ///   - embeddings: `[N, D]`.
    ///   - labels: int32 `[N]`.
    /// - Returns: a scalar; 0 where the batch has no triplet.
    public func callAsFunction(_ embeddings: Tensor, labels: Tensor) -> Tensor {
        let count = embeddings.shape[0]
        ShapeCheck.require(
            embeddings.rank == 2 && labels.shape == [count], "TripletLoss",
            "labels \(labels.shape) of \(embeddings.shape)")
        let distances = distances(embeddings)
        let mined = Miner(distances.scalars, labels.integerScalars, count, margin).triplets(mining)
        guard !mined.positives.isEmpty else { return distances.sum() * 0 }
        let flat = distances.reshaped([count * count])
        func at(_ indices: [Int32]) -> Tensor { flat.gathered(at: Tensor(indices, shape: [indices.count])) }
        return (at(mined.positives) - at(mined.negatives) + margin).relu().sum() / Float(mined.divisor)
    }

    /// `[N, N]`.
    private func distances(_ x: Tensor) -> Tensor {
        switch distance {
        case .cosine:
            let unit = x.l2Normalized()
            return 1 - unit.matmul(unit, transposing: .right)
        case .euclidean:
            return x.squaredDistances(to: x).rootWithoutGradientAtZero
        }
    }
}

/// Mines triplets in a matrix of distances; a triplet is two elements of it, `(a, p)` and `(a, n)`.
private struct Miner {
    struct Triplets {
        var positives: [Int32] = []
        var negatives: [Int32] = []
        /// The divisor of the sum.
        var divisor = 1

        mutating func add(_ anchor: Int, _ positive: Int, _ negative: Int, of count: Int) {
            positives.append(Int32(anchor * count + positive))
            negatives.append(Int32(anchor * count + negative))
        }
    }

    private let distances: [Float], labels: [Int32], count: Int, margin: Float

    init(_ distances: [Float], _ labels: [Int32], _ count: Int, _ margin: Float) {
        (self.distances, self.labels, self.count, self.margin) = (distances, labels, count, margin)
    }

    func triplets(_ mining: TripletLoss.Mining) -> Triplets {
        var result = Triplets()
        for anchor in 0..<count {
            let row = distances[anchor * count..<(anchor + 1) * count]
            func distance(_ other: Int) -> Float { row[row.startIndex + other] }
            let positives = (0..<count).filter { $0 != anchor && labels[$0] == labels[anchor] }
            let negatives = (0..<count).filter { labels[$0] != labels[anchor] }
            switch mining {
            case .batchAll:
                for positive in positives {
                    for negative in negatives where distance(positive) - distance(negative) + margin > 0 {
                        result.add(anchor, positive, negative, of: count)
                    }
                }
            case .batchHard:
                guard let nearest = negatives.min(by: { distance($0) < distance($1) }) else { continue }
                // Without a positive: the anchor itself, at distance 0.
                let farthest = positives.max { distance($0) < distance($1) } ?? anchor
                result.add(anchor, farthest, nearest, of: count)
            case .semiHard:
                guard let farthest = negatives.max(by: { distance($0) < distance($1) }) else { continue }
                for positive in positives {
                    let beyond = negatives.filter { distance($0) > distance(positive) }
                    result.add(anchor, positive, beyond.min { distance($0) < distance($1) } ?? farthest, of: count)
                }
            }
        }
        switch mining {
        case .batchAll, .semiHard: result.divisor = max(1, result.positives.count)
        case .batchHard: result.divisor = max(1, count)
        }
        return result
    }
}
