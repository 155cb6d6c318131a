import ConcordBench
import Testing

struct ScalingTests {
    @Test func aLinkIsTheLineThroughItsTimes() {
        let times = [1e3, 1e5, 1e7].map { (bytes: $0, seconds: 2e-5 + $0 / 1e9) }
        let link = Link(fitting: times)
        #expect(abs(link.latency - 2e-5) < 1e-9)
        #expect(abs(link.bandwidth / 1e9 - 1) < 1e-6)
    }

    @Test func aStepIsItsPartsInClosedForm() {
        let model = ScalingModel(
            parameters: 1e6, operationsOfPair: 1e9, activationsOfPair: 1e6, dimension: 100, rate: 1e12,
            link: Link(latency: 0, bandwidth: 1e9))
        let alone = model.step(ranks: 1, batch: 1000), two = model.step(ranks: 2, batch: 1000)
        #expect(alone.efficiency == 1)
        #expect(abs(alone.encoders - 1) < 1e-9 && abs(two.encoders - 0.5) < 1e-9)
        // 2 (n - 1) / n of 4 MB, and 4 (n - 1) / n of 0.4 MB, at 1 GB/s
        #expect(abs(two.gradients - 4e-3) < 1e-9)
        #expect(abs(two.embeddings - 0.8e-3) < 1e-9)
    }
}
