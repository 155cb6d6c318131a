import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct KMeansTests {
    /// Five groups of 40 points, far from each other.
    private static let points: Tensor = {
        let noise = hashed("noise", [200, 3], scale: 0.5), middles = hashed("middles", [5, 3], scale: 20)
        return noise + middles.gathered(at: Tensor((0..<Int32(200)).map { $0 % 5 }, shape: [200]))
    }()

    @Test(arguments: 0..<8) func itFindsGroupsThatAreFarApart(seed: UInt64) {
        let clusters = KMeans(count: 5, dimension: 3)
        let spread = clusters.fit(Self.points, key: RandomKey(seed: seed))
        let labels = clusters(Self.points).integerScalars
        for (point, label) in labels.enumerated() { #expect(label == labels[point % 5]) }
        #expect(Set(labels).count == 5)
        #expect(spread < 0.3)  // three coordinates of variance 1 / 12
        // Each center is the mean of its points.
        let own = (0..<40).map { Int32($0 * 5) }
        expectClose(
            clusters.centers.value.gathered(at: Tensor([labels[0]], shape: [1])),
            Self.points.gathered(at: Tensor(own, shape: [40])).mean(axes: [0], keepingAxes: true), tolerance: 1e-4)
    }

    @Test func equalKeysGiveEqualBits() {
        func centers(_ seed: UInt64) -> [Float] {
            let clusters = KMeans(count: 7, dimension: 3)
            clusters.fit(Self.points, key: RandomKey(seed: seed))
            return clusters.centers.value.scalars
        }
        #expect(centers(1) == centers(1) && centers(1) != centers(2))
    }

    @Test func fewerDifferentPointsThanClustersAreFound() {
        let clusters = KMeans(count: 4, dimension: 2), points = Tensor([0, 0, 1, 1, 0, 0, 1, 1], shape: [4, 2])
        #expect(clusters.fit(points, key: RandomKey(seed: 3)) == 0)
        let labels = clusters(points).integerScalars
        #expect(labels[0] == labels[2] && labels[1] == labels[3] && labels[0] != labels[1])
    }

    /// A mixture of twelve groups that overlap.
    private static let mixture: Tensor = {
        let centers = hashed("kmeans.centers", [12, 16]) * 0.75
        return hashed("kmeans.noise", [2400, 16])
            + centers.gathered(at: Tensor((0..<Int32(2400)).map { $0 % 12 }, shape: [2400]))
    }()

    private static func information(_ labels: [Int32]) -> Double {
        var joint = [Double](repeating: 0, count: 144), own = [Double](repeating: 0, count: 12), groups = own
        for (point, label) in labels.enumerated() {
            joint[point % 12 * 12 + Int(label)] += 1 / 2400
            own[Int(label)] += 1 / 2400
            groups[point % 12] += 1 / 2400
        }
        func entropy(_ p: [Double]) -> Double { p.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 } }
        return (entropy(own) + entropy(groups) - entropy(joint)) / ((entropy(own) + entropy(groups)) / 2)
    }

    @Test func mutualInformationAndDistancesAreScikitLearns() {
        let theirs = Fixture("probes")["kmeans.nmi"].scalars, inertia = Fixture("probes")["kmeans.inertia"].scalars
        var information = 0.0, spreads: [Float] = []
        for seed in 0..<10 {
            let clusters = KMeans(count: 12, dimension: 16)
            spreads.append(clusters.fit(Self.mixture, key: RandomKey(seed: UInt64(seed))) * 2400)
            information += Self.information(clusters(Self.mixture).integerScalars) / 10
        }
        let mean = Double(theirs.reduce(0, +)) / 10
        #expect(abs(information - mean) < 0.02, "\(information) for \(mean)")
        let own = spreads.reduce(0, +) / 10, other = inertia.reduce(0, +) / 10
        #expect(abs(own - other) < 0.01 * other, "\(own) for \(other)")
        #expect(abs((spreads.min() ?? 0) - (inertia.min() ?? 0)) < 0.002 * other)
    }

    @Test func restartsKeepTheLowestDistance() {
        func fit(_ restarts: Int) -> (Float, [Float]) {
            let clusters = KMeans(count: 12, dimension: 16)
            let spread = clusters.fit(Self.mixture, key: RandomKey(seed: 5), restarts: restarts)
            return (spread, clusters.centers.value.scalars)
        }
        let spreads = (1...6).map { fit($0).0 }
        for (fewer, more) in zip(spreads, spreads.dropFirst()) { #expect(more <= fewer) }
        #expect(spreads[5] < spreads[0] && fit(6).1 == fit(6).1)
    }

    @Test func theDistanceIsThatOfTheCenters() {
        let clusters = KMeans(count: 12, dimension: 16)
        let spread = clusters.fit(Self.mixture, key: RandomKey(seed: 1), tolerance: 1e-4)
        let x = Self.mixture.scalars, centers = clusters.centers.value.scalars
        var sum = 0.0
        for point in 0..<2400 {
            let distances = (0..<12).map { k in
                (0..<16).reduce(0.0) { total, d in
                    let difference = Double(x[point * 16 + d]) - Double(centers[k * 16 + d])
                    return total + difference * difference
                }
            }
            sum += distances.min() ?? 0
        }
        #expect(abs(Double(spread) - sum / 2400) < 1e-6 * sum / 2400)
    }
}
