import ConcordEvaluation
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct GeometryTests {
    private var cloud: Tensor {
        var x = hashed("cloud", [1100, 12]).scalars
        let scales: [Float] = [1, 0.3, 1e-1, 1e-2, 1e-3]
        for n in 0..<1100 {
            x[n * 12] += 0.5
            for d in 7..<12 { x[n * 12 + d] *= scales[d - 7] }
        }
        return Tensor(x, shape: [1100, 12])
    }

    @Test func alignmentAndUniformityAreThoseOfThePaper() {
        let partner = cloud + hashed("partner", [1100, 12]) * Tensor(0.3)
        MetricsFixture.expect([Alignment(cloud, partner).value], "alignment")
        MetricsFixture.expect([Alignment(cloud, partner, alpha: 1).value], "alignment.1")
        let found = Uniformity(cloud)  // of more than a block
        MetricsFixture.expect([found.value], "uniformity")
        MetricsFixture.expect([Uniformity(cloud, t: 3).value], "uniformity.3")
        #expect(found.rows == 1100 && found.pairs == 1100 * 1099 / 2)
    }

    @Test func alignmentIsOfThePairsThatAreGiven() throws {
        let axes = Tensor([2, 0, 0, 1, -1, 0], shape: [3, 2])
        let found = Alignment(axes, axes, pairs: [(0, 1), (0, 2), (1, 1)])
        #expect(abs(try #require(found.value) - 2) < 1e-6 && found.pairs == 3)  // 2, 4 and 0
        #expect(Alignment(axes, axes, pairs: []).value == nil)
    }

    @Test func manyRowsAreComparedByASample() throws {
        let sample = Uniformity(cloud, limit: 550)
        let even = cloud.gathered(at: Tensor((0..<550).map { Int32($0 * 2) }, shape: [550]), axis: 0)
        #expect(sample == Uniformity(even) && sample.pairs == 550 * 549 / 2)
        #expect(Uniformity(Tensor(ones: [1, 3])).value == nil)
        #expect(Uniformity(Tensor([.nan, 1, 2, 3], shape: [2, 2])).value == nil)
        let one = try #require(Uniformity(Tensor(ones: [50, 3])).value)
        #expect(abs(one) < 1e-5, "one direction")
    }

    @Test func theEffectiveRankIsThatOfTheSingularValues() {
        let tall = EffectiveRank(cloud), wide = EffectiveRank(hashed("wide", [9, 40]))
        MetricsFixture.expect([tall.value], "rank.tall")
        MetricsFixture.expect([wide.value], "rank.wide")
        MetricsFixture.expect(tall.singularValues, "singular.tall")
        MetricsFixture.expect(wide.singularValues, "singular.wide")
        MetricsFixture.expect([EffectiveRank(MetricsFixture.file["flat"]).value], "rank.flat")
    }

    @Test func aCollapsedEncoderHasRankOne() throws {
        let line = Tensor((0..<40).flatMap { [Float($0), 2 * Float($0), 0] }, shape: [40, 3])
        #expect(abs(try #require(EffectiveRank(line).value) - 1) < 1e-5)
        #expect(EffectiveRank(Tensor(zeros: [4, 3])).value == nil)
        let diagonal = Tensor([3, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0], shape: [4, 3])
        #expect(abs(try #require(EffectiveRank(diagonal).value) - 3) < 1e-12)
    }

    @Test func eigenvaluesOfAKnownMatrix() throws {
        // Singular values of Q diag(d) are d, whatever the rotation: here products of reflections of 130 dimensions.
        let size = 130, scales = (0..<size).map { Float(1 + $0 % 17) }
        var rows = Tensor((0..<size * size).map { $0 / size == $0 % size ? scales[$0 / size] : 0 }, shape: [size, size])
        for name in ["reflect a", "reflect b"] {
            let v = hashed(name, [1, size]).l2Normalized()
            rows = rows - rows.matmul(v, transposing: .right).matmul(v) * Tensor(2)
        }
        let found = EffectiveRank(rows).singularValues, wanted = scales.sorted(by: >)
        for (value, scale) in zip(found, wanted) { #expect(abs(value - Double(scale)) < 1e-4) }
        #expect(found.count == size)
    }
}
