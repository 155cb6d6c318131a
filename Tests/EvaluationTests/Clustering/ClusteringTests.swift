import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct ClusteringTests {
    private let group = MetricsFixture.integers("group", 150, below: 5)
    private var cluster: [Int] {
        let other = MetricsFixture.integers("cluster", 150, below: 9)
        return MetricsFixture.hashed("same", 150).enumerated().map { $1 > -0.2 ? group[$0] : other[$0] }
    }

    private func expect(_ truth: [Int], _ clusters: [Int], _ name: String) throws {
        let found = try #require(ClusteringAgreement(truth: truth, clusters: clusters))
        MetricsFixture.expect(
            [
                found.normalizedMutualInformation, found.adjustedMutualInformation, found.adjustedRandIndex,
                found.homogeneity, found.completeness, found.vMeasure, found.purity, found.accuracy,
            ], name)
    }

    @Test func agreementIsScikitLearns() throws {
        try expect(group, cluster, "clustering")
        try expect(cluster, group, "clustering.wide")
        try expect(group, MetricsFixture.integers("random", 150, below: 4), "clustering.random")
    }

    @Test func extremesAreScikitLearns() throws {
        try expect(group, [Int](repeating: 0, count: 150), "clustering.one")
        try expect(group, Array(0..<150), "clustering.own")
        try expect(group, group.map { ($0 + 2) % 5 }, "clustering.same")
        try expect([0, 0, 0, 0], [1, 1, 1, 1], "clustering.single")
        #expect(ClusteringAgreement(truth: [], clusters: []) == nil)
    }

    @Test func namesOfClustersDoNotMatter() {
        let renamed = cluster.map { 1_000_000 - 7 * $0 }
        #expect(ClusteringAgreement(truth: group, clusters: renamed) != nil)
        #expect(
            ClusteringAgreement(truth: group, clusters: renamed)?.accuracy
                == ClusteringAgreement(truth: group, clusters: cluster)?.accuracy)
    }

    @Test(arguments: [(6, 6), (4, 9), (9, 4)]) func theBestAssignmentIsScipys(rows: Int, columns: Int) {
        let all = MetricsFixture.hashed("assignment", rows * columns)
        let weights = (0..<rows).map { Array(all[$0 * columns..<($0 + 1) * columns]) }
        let wanted = MetricsFixture.file["assignment.\(rows)x\(columns)"].integerScalars.map { $0 < 0 ? nil : Int($0) }
        #expect(LinearAssignment.maximum(weights) == wanted)
    }

    @Test func anAssignmentOfNothingIsEmpty() {
        #expect(LinearAssignment.maximum([]) == [] && LinearAssignment.maximum([[], []]) == [nil, nil])
    }
}
