import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

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
}
