public import ConcordTensors

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
    public func callAsFunction(_ x: Tensor) -> Tensor {
        ShapeCheck.require(
            x.rank == 2 && x.shape[1] == centers.shape[1], "KMeans", "\(x.shape) for centers \(centers.shape)")
        return detached { Lloyd(x).assigned(to: centers.value).labels }
    }

    /// Finds centers, in place of those that there were.
    /// - Parameters:
    ///   - points: `[N, D]`; of fewer than K different ones some centers are equal.
    ///   - key: of the choice of the first centers.
    ///   - restarts: how often it starts from other centers, at least 1; those of the lowest distance are kept, of
    ///     equal ones the first.
    ///   - iterations: at most so many; they end where no vector changes its cluster.
    ///   - tolerance: they end as well where the squared changes of all centers add up to no more than this fraction of
    ///     the mean variance of a column. scikit-learn's default is 1e-4; 0 goes on to the end.
    /// - Returns: the mean squared distance of a vector to its center.
    @discardableResult
    public func fit(
        _ points: Tensor, key: RandomKey, restarts: Int = 1, iterations: Int = 100, tolerance: Float = 0
    ) -> Float {
        ShapeCheck.require(
            points.rank == 2 && points.shape[0] > 0 && points.shape[1] == centers.shape[1], "KMeans",
            "points \(points.shape) for centers \(centers.shape)")
        ShapeCheck.require(
            restarts > 0 && iterations >= 0 && tolerance >= 0, "KMeans",
            "\(restarts) restarts of \(iterations) iterations with tolerance \(tolerance)")
        return detached {
            let points = points.detached.asFloat32
            let search = KMeansSearch(
                points, count: count, iterations: iterations,
                tolerance: tolerance > 0 ? Double(tolerance) * points.meanVariance : 0)
            var best: (centers: Tensor, inertia: Double)?
            for restart in 0..<restarts {
                // The first one's key does not depend on how many there are.
                let found = search.run(restart == 0 ? key : key.derived("restart", restart))
                if best.map({ found.inertia < $0.inertia }) ?? true { best = found }
            }
            guard let best else { return 0 }
            centers.assign(best.centers)
            return Float(best.inertia / Double(points.shape[0]))
        }
    }
}

extension Tensor {
    /// The mean over columns of their variances.
    fileprivate var meanVariance: Double {
        let variances = columnMoments().variance
        return variances.reduce(0, +) / Double(Swift.max(1, variances.count))
    }
}
