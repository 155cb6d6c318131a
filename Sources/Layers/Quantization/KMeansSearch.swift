import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// One search of ``KMeans``: a start by greedy k-means++, then Lloyd's iterations.
struct KMeansSearch {
    private let points: Tensor
    private let lloyd: Lloyd
    private let count: Int
    private let iterations: Int
    /// Of the squared changes of all centers.
    private let tolerance: Double

    /// - Parameter points: `[N, D]`, float32.
    init(_ points: Tensor, count: Int, iterations: Int, tolerance: Double) {
        self.points = points
        self.count = count
        self.iterations = iterations
        self.tolerance = tolerance
        lloyd = Lloyd(points)
    }

    /// - Returns: the centers `[K, D]`, and the sum of the squared distances of all points to theirs.
    func run(_ key: RandomKey) -> (centers: Tensor, inertia: Double) {
        var current = start(key.derived("k-means++")), labels: [Int32] = []
        for _ in 0..<iterations {
            let step = lloyd.step(from: current), next = step.assignment.labels.integerScalars
            if next == labels { break }
            labels = next
            let means = filled(step.means, step.counts, step.assignment.distances)
            let change = tolerance > 0 ? squaredChange(means, current) : .infinity
            current = means
            if change <= tolerance { break }
        }
        return (current, lloyd.inertia(lloyd.assigned(to: current).labels, centers: current))
    }

    private func squaredChange(_ a: Tensor, _ b: Tensor) -> Double {
        let a = a.float32Pointer, b = b.float32Pointer
        return (0..<count * points.shape[1]).reduce(0.0) { sum, i in
            let change = Double(a[i]) - Double(b[i])
            return sum + change * change
        }
    }

    private func rows(_ places: [Int32]) -> Tensor { points.gathered(at: Tensor(places, shape: [places.count])) }

    private func start(_ key: RandomKey) -> Tensor {
        var random = key.sequence
        let all = points.shape[0], candidates = 2 + Int(log(Double(count)))
        var chosen = [Int32(random.integer(below: all))]
        var least = lloyd.assigned(to: rows(chosen)).distances
        while chosen.count < count {
            let drawn = draw(candidates, from: least, &random)
            let (distances, totals) = lloyd.leastDistances(least, with: rows(drawn))
            let best = totals.indices.min { totals[$0] < totals[$1] } ?? 0
            chosen.append(drawn[best])
            least = distances.sliced(best..<best + 1, axis: 1).reshaped([all])
        }
        return rows(chosen)
    }

    /// Places drawn in proportion to weights; the first ones where all are zero.
    private func draw(_ count: Int, from weights: Tensor, _ random: inout RandomSequence) -> [Int32] {
        let all = weights.count, weight = weights.float32Pointer
        let sums = UnsafeMutablePointer<Double>.allocate(capacity: all)
        defer { sums.deallocate() }
        var sum = 0.0
        for i in 0..<all {
            sum += Double(weight[i])
            sums[i] = sum
        }
        return (0..<count).map { _ in
            let wanted = Double(random.uniform()) * sum
            var low = 0, high = all - 1
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > wanted { high = middle } else { low = middle + 1 }
            }
            return Int32(low)
        }
    }

    /// The means, with the points farthest from their centers in place of those of no point.
    private func filled(_ means: Tensor, _ counts: [Int], _ distances: Tensor) -> Tensor {
        let empty = counts.indices.filter { counts[$0] == 0 }
        guard !empty.isEmpty else { return means }
        let distances = distances.scalars, size = points.shape[1]
        let far = distances.indices.sorted { (distances[$0], $1) > (distances[$1], $0) }
        for (cluster, point) in zip(empty, far) {
            (means.float32Pointer + cluster * size).update(from: points.float32Pointer + point * size, count: size)
        }
        return means
    }
}
