import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct AnomalyTests {
    private func shifted(_ name: String, _ count: Int, _ shifted: Int) -> Tensor {
        var x = hashed(name, [count, 6]).scalars
        for n in 0..<shifted { x[n * 6] += 1 }
        return Tensor(x, shape: [count, 6])
    }

    @Test func distancesAreScikitLearns() {
        let bank = shifted("bank", 60, 60), queries = shifted("odd", 20, 10)
        let kth = NeighborDistances(embeddings: bank, k: 5).scores(of: queries)
        MetricsFixture.expect(kth, "anomaly.kth")
        MetricsFixture.expect(
            NeighborDistances(embeddings: bank, k: 5, aggregation: .mean).scores(of: queries), "anomaly.mean")
        let found = AnomalyDetection(scores: kth, isAnomaly: (0..<20).map { $0 >= 10 })
        MetricsFixture.expect([found.auroc], "anomaly.auroc")
        MetricsFixture.expect([found.averagePrecision], "anomaly.ap")
        #expect(found.anomalies == 10 && found.normal == 10)
    }

    @Test func allNeighborsCountWhereThereAreFewerThanK() {
        let bank = Tensor([1, 0, 0, 1], shape: [2, 2]), query = Tensor([1, 0], shape: [1, 2])
        let far = NeighborDistances(embeddings: bank, k: 9).scores(of: query)
        let mean = NeighborDistances(embeddings: bank, k: 9, aggregation: .mean).scores(of: query)
        #expect(abs(far[0] - 1) < 1e-6 && abs(mean[0] - 0.5) < 1e-6)
    }
}
