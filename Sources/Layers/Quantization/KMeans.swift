public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Clusters of vectors around K centers: fitted to data once, then a function from a vector to its cluster.
///
/// ```swift
/// let clusters = KMeans(count: 100, dimension: 39)
/// clusters.fit(frames, key: RandomKey(seed: 0))                         // [N, 39]
/// let labels = clusters(frames)                                         // [N], in 0 ..< 100
/// ```
/// The centers are a buffer: they are in checkpoints, and no gradient reaches them. Equal vectors and keys give equal
/// centers, bit for bit. In checkpoints: `centers`.
/// - Source: Lloyd 1982, with the start of Arthur, Vassilvitskii 2007 ("k-means++"), greedy as scikit-learn's: of
///   2 + floor(ln K) candidates for a center, drawn in proportion to their squared distances, the one that leaves the
///   least is taken. A cluster that runs empty gets the vector farthest from its center.
public final class KMeans: Module {
    /// `[K, D]`; zeros before they are fitted.
    public let centers: Buffer

    /// - Parameters:
    ///   - count: clusters K, at least 1.
    ///   - dimension: D of a vector.
    public init(count: Int, dimension: Int) {
        ShapeCheck.require(count > 0 && dimension > 0, "KMeans", "\(count) clusters of \(dimension) numbers")
        centers = Buffer(Tensor(zeros: [count, dimension]), underMicrobatches: .last)
    }

    /// Number K of clusters.
    public var count: Int { centers.shape[0] }

    /// The nearest center of each vector, the first of equally near ones.
    /// - Parameter x: `[N, D]`.
    /// - Returns: `[N]`, int32.
    public func callAsFunction(_ x: Tensor) -> Tensor { Self.nearest(x.detached, centers.value) }

    /// Finds centers, in place of those that there were.
    /// - Parameters:
    ///   - points: `[N, D]`; of fewer than K different ones some centers are equal.
    ///   - key: of the choice of the first centers.
    ///   - iterations: at most so many; they end where no vector changes its cluster.
    /// - Returns: the mean squared distance of a vector to its center.
    @discardableResult
    public func fit(_ points: Tensor, key: RandomKey, iterations: Int = 100) -> Float {
        ShapeCheck.require(
            points.rank == 2 && points.shape[0] > 0 && points.shape[1] == centers.shape[1], "KMeans",
            "points \(points.shape) for centers \(centers.shape)")
        return detached {
            let points = points.detached
            var current = Self.start(points, count, key.derived("k-means++")), labels = [Int32]()
            for _ in 0..<iterations {
                let next = Self.nearest(points, current).integerScalars
                if next == labels { break }
                labels = next
                current = Self.means(points, labels, around: current)
            }
            centers.assign(current)
            return Self.leastDistances(points, current).mean().item
        }
    }

    private static func nearest(_ x: Tensor, _ centers: Tensor) -> Tensor {
        withPrecision(.float32) { (x.squaredDistances(to: centers) * -1).argmax() }
    }

    private static func leastDistances(_ x: Tensor, _ centers: Tensor) -> Tensor {
        withPrecision(.float32) { -(x.squaredDistances(to: centers) * -1).max(axis: 1) }
    }

    private static func start(_ points: Tensor, _ count: Int, _ key: RandomKey) -> Tensor {
        var random = key.sequence
        let all = points.shape[0], candidates = 2 + Int(log(Double(count)))
        var chosen = [Int32(random.integer(below: all))]
        func rows(_ places: [Int32]) -> Tensor { points.gathered(at: Tensor(places, shape: [places.count])) }
        var least = leastDistances(points, rows(chosen)).scalars
        while chosen.count < count {
            let drawn = draw(candidates, from: least, &random)
            let distances = withPrecision(.float32) { rows(drawn).squaredDistances(to: points) }.scalars
            var best: (total: Double, least: [Float], place: Int32)?
            for (number, place) in drawn.enumerated() {
                let own = (0..<all).map { min(least[$0], distances[number * all + $0]) }
                let total = own.reduce(0.0) { $0 + Double($1) }
                if total < best?.total ?? .infinity { best = (total, own, place) }
            }
            guard let best else { break }
            chosen.append(best.place)
            least = best.least
        }
        return rows(chosen)
    }

    /// Places drawn in proportion to weights; the first ones where all are zero.
    private static func draw(_ count: Int, from weights: [Float], _ random: inout RandomSequence) -> [Int32] {
        var sums: [Double] = [], sum = 0.0
        sums.reserveCapacity(weights.count)
        for weight in weights {
            sum += Double(weight)
            sums.append(sum)
        }
        return (0..<count).map { _ in
            let wanted = Double(random.uniform()) * sum
            var (low, high) = (0, sums.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > wanted { high = middle } else { low = middle + 1 }
            }
            return Int32(low)
        }
    }

    private static func means(_ points: Tensor, _ labels: [Int32], around centers: Tensor) -> Tensor {
        let (count, size) = (centers.shape[0], centers.shape[1]), scalars = points.scalars
        var sums = [Double](repeating: 0, count: count * size), counts = [Int](repeating: 0, count: count)
        for (point, label) in labels.enumerated() {
            let cluster = Int(label)
            counts[cluster] += 1
            for d in 0..<size { sums[cluster * size + d] += Double(scalars[point * size + d]) }
        }
        var means = (0..<count * size).map { Float(sums[$0] / Double(max(1, counts[$0 / size]))) }
        let empty = counts.indices.filter { counts[$0] == 0 }
        guard !empty.isEmpty else { return Tensor(means, shape: centers.shape) }
        let distances = leastDistances(points, centers).scalars
        let far = distances.indices.sorted { (distances[$0], $1) > (distances[$1], $0) }
        for (cluster, point) in zip(empty, far) {
            for d in 0..<size { means[cluster * size + d] = scalars[point * size + d] }
        }
        return Tensor(means, shape: centers.shape)
    }
}
