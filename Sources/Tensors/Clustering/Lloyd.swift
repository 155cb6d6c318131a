/// The steps of k-means over fixed points: which center is nearest to each, and the means of those that share one.
///
/// Squared distances are `|a|^2 + |b|^2 - 2 a b` in float32, as `squaredDistances`; sums over points are in double
/// precision. Equal inputs and thread counts give equal bits.
package final class Lloyd {
    private let points: Tensor
    /// `|a|^2` of each point, `[N]`.
    private let squares: Tensor
    /// Rows that one thread takes at a time: they and their products stay in the second-level cache.
    private static let block = 256

    /// Each point's nearest center, the first of equally near ones, and its squared distance.
    package struct Assignment {
        /// `[N]`, int32.
        package let labels: Tensor
        /// `[N]`, float32.
        package let distances: Tensor
    }

    /// - Parameter points: `[N, D]`, float32.
    package init(_ points: Tensor) {
        ShapeCheck.rank(points, 2, "[N, D]", in: "Lloyd")
        self.points = points.detached.asFloat32
        squares = Self.squares(self.points)
    }

    private static func squares(_ x: Tensor) -> Tensor { x.squared().sum(axis: 1) }

    private var threads: Int { max(1, min(Threads.count, points.shape[0] / Self.block)) }

    /// Calls `body` with each block's first row, its number of rows and its products with the rows of `others`, on the
    /// thread whose part it is in.
    private func forEachBlock(
        with others: Tensor, _ body: (_ thread: Int, _ first: Int, _ rows: Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let count = points.shape[0], width = points.shape[1], n = others.shape[0], threads = threads
        let x = points.float32Pointer, y = others.float32Pointer
        Parallel.run(threads) { range in
            let products = Tensor(uninitialized: [Self.block, n]), z = products.float32Pointer
            for thread in range {
                let end = count * (thread + 1) / threads
                for first in stride(from: count * thread / threads, to: end, by: Self.block) {
                    let rows = min(Self.block, end - first)
                    GEMM.serial(rows, n, width, 1, x + first * width, width, false, y, width, true, 0, z, n)
                    body(thread, first, rows, z)
                }
            }
        }
    }

    /// The nearest of `centers` `[K, D]` for each point.
    package func assigned(to centers: Tensor) -> Assignment { assign(to: centers) { _, _, _, _ in } }

    private func assign(
        to centers: Tensor, _ body: (_ thread: Int, _ first: Int, _ rows: Int, UnsafePointer<Int32>) -> Void
    ) -> Assignment {
        let count = points.shape[0], k = centers.shape[0], centerSquares = Self.squares(centers)
        let labels = Tensor(uninitialized: [count], .int32), distances = Tensor(uninitialized: [count])
        let label = labels.int32Pointer, least = distances.float32Pointer
        let own = squares.float32Pointer, others = centerSquares.float32Pointer
        forEachBlock(with: centers) { thread, first, rows, products in
            Kernels.nearestCenters(
                label + first, least + first, products: products, squares: own + first, centerSquares: others,
                rows: rows, count: k)
            body(thread, first, rows, label + first)
        }
        return Assignment(labels: labels, distances: distances)
    }

    /// The assignment, and the means of the points of each cluster.
    /// - Returns: means `[K, D]`, zeros where a cluster is empty, and how many points each has.
    package func step(from centers: Tensor) -> (assignment: Assignment, means: Tensor, counts: [Int]) {
        let k = centers.shape[0], width = points.shape[1], size = k * width, threads = threads
        let x = points.float32Pointer
        var sums = [Double](repeating: 0, count: threads * size), counts = [Int64](repeating: 0, count: threads * k)
        let means = Tensor(uninitialized: [k, width]), to = means.float32Pointer
        let assignment = sums.withUnsafeMutableBufferPointer { sums in
            counts.withUnsafeMutableBufferPointer { counts -> Assignment in
                guard let sum = sums.baseAddress, let count = counts.baseAddress else { return assigned(to: centers) }
                let assignment = assign(to: centers) { thread, first, rows, labels in
                    Kernels.addToGroups(
                        sum + thread * size, count + thread * k, x + first * width, labels: labels, rows: rows,
                        width: width)
                }
                for thread in 1..<max(1, threads) {
                    DoubleVectors.add(sum + thread * size, to: sum, size)
                    for cluster in 0..<k { count[cluster] += count[thread * k + cluster] }
                }
                for cluster in 0..<k {
                    for d in 0..<width {
                        to[cluster * width + d] = Float(sum[cluster * width + d] / Double(max(1, count[cluster])))
                    }
                }
                return assignment
            }
        }
        return (assignment, means, counts[..<k].map(Int.init))
    }

    /// What the least squared distances would be with each of some points as one more center.
    /// - Parameters:
    ///   - least: `[N]`.
    ///   - candidates: `[M, D]`.
    /// - Returns: the distances `[N, M]`, and their sums over all points.
    package func leastDistances(_ least: Tensor, with candidates: Tensor) -> (distances: Tensor, totals: [Double]) {
        let count = points.shape[0], m = candidates.shape[0], threads = threads
        let distances = Tensor(uninitialized: [count, m]), to = distances.float32Pointer
        let candidateSquares = Self.squares(candidates), others = candidateSquares.float32Pointer
        let own = squares.float32Pointer, old = least.float32Pointer
        var totals = [Double](repeating: 0, count: threads * m)
        totals.withUnsafeMutableBufferPointer { totals in
            guard let total = totals.baseAddress else { return }
            forEachBlock(with: candidates) { thread, first, rows, products in
                Kernels.leastDistances(
                    products, least: old + first, squares: own + first, centerSquares: others,
                    totals: total + thread * m, rows: rows, count: m)
                (to + first * m).update(from: products, count: rows * m)
            }
            for thread in 1..<max(1, threads) { DoubleVectors.add(total + thread * m, to: total, m) }
        }
        return (distances, Array(totals[..<m]))
    }

    /// The sum of the squared distances of points from the centers of their clusters, each in double precision.
    package func inertia(_ labels: Tensor, centers: Tensor) -> Double {
        let count = points.shape[0], width = points.shape[1], threads = threads
        let x = points.float32Pointer, c = centers.float32Pointer, label = labels.int32Pointer
        let parts = Tensor(zeros: [2 * threads])
        return withExtendedLifetime(parts) {
            let sums = UnsafeMutableRawPointer(parts.float32Pointer).assumingMemoryBound(to: Double.self)
            Parallel.run(threads) { range in
                for thread in range {
                    let first = count * thread / threads, end = count * (thread + 1) / threads
                    sums[thread] = Kernels.groupDistances(
                        x + first * width, centers: c, labels: label + first, rows: end - first, width: width)
                }
            }
            return (0..<threads).reduce(0.0) { $0 + sums[$1] }
        }
    }
}
