#if canImport(Glibc)
    import Glibc
#endif

/// How many samples of each class are in each cluster, with the entropies that follow.
struct ContingencyTable {
    /// `[class][cluster]`, of those that have samples.
    let counts: [[Int]]
    /// Sizes of the classes and of the clusters.
    let classes, clusters: [Int]
    /// N.
    let total: Int

    init(truth: [Int], clusters: [Int]) {
        let rows = Self.places(truth), columns = Self.places(clusters)
        var counts = [[Int]](repeating: [Int](repeating: 0, count: columns.count), count: rows.count)
        for (label, cluster) in zip(truth, clusters) {
            if let row = rows[label], let column = columns[cluster] { counts[row][column] += 1 }
        }
        self.counts = counts
        classes = counts.map { $0.reduce(0, +) }
        self.clusters = (0..<columns.count).map { column in counts.reduce(0) { $0 + $1[column] } }
        total = truth.count
    }

    private static func places(_ numbers: [Int]) -> [Int: Int] {
        Dictionary(Set(numbers).sorted().enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    }

    /// Of a partition by its sizes, in nats.
    func entropy(_ sizes: [Int]) -> Double {
        let n = Double(total)
        return sizes.count < 2 ? 0 : sizes.reduce(0) { $0 - Double($1) / n * log(Double($1) / n) }
    }

    /// Of classes and clusters, in nats, never below 0.
    var mutualInformation: Double {
        guard classes.count > 1, clusters.count > 1 else { return 0 }
        let n = Double(total)
        var sum = 0.0
        for (i, row) in counts.enumerated() {
            for (j, count) in row.enumerated() where count > 0 {
                let term = Double(count) / n * log(Double(count) * n / (Double(classes[i]) * Double(clusters[j])))
                if abs(term) >= .ulpOfOne { sum += term }
            }
        }
        return max(0, sum)
    }

    /// Of random partitions with these sizes (Vinh, Epps, Bailey 2010, eq. 24a).
    var expectedMutualInformation: Double {
        guard classes.count > 1, clusters.count > 1 else { return 0 }
        var factorials = [0.0]  // ln n!
        factorials.reserveCapacity(total + 1)
        for n in 1...total { factorials.append(factorials[n - 1] + log(Double(n))) }
        let n = Double(total)
        var sum = 0.0
        for a in classes {
            for b in clusters {
                let fixed =
                    factorials[a] + factorials[b] + factorials[total - a] + factorials[total - b] - factorials[total]
                for both in max(1, a + b - total)...min(a, b) {
                    let information = Double(both) / n * log(n * Double(both) / (Double(a) * Double(b)))
                    let probability = exp(
                        fixed - factorials[both] - factorials[a - both] - factorials[b - both]
                            - factorials[total - a - b + both])
                    sum += information * probability
                }
            }
        }
        return sum
    }
}
