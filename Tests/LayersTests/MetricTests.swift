import ConcordLayers
import Testing

struct MetricTests {
    @Test(arguments: [
        (Metric.Direction.higher, 0.5, 0.4, true), (.higher, 0.4, 0.5, false), (.lower, 0.4, 0.5, true),
        (.lower, 0.5, 0.4, false), (.higher, 0.5, 0.5, false), (.lower, 0.5, 0.5, false), (.higher, .nan, 0.5, false),
        (.lower, .nan, 0.5, false),
    ])
    func itImprovesInItsOwnDirection(direction: Metric.Direction, value: Double, earlier: Double, isBetter: Bool) {
        #expect(Metric("m", value, isBetter: direction).improves(on: earlier) == isBetter)
    }

    @Test(arguments: [Metric.Direction.higher, .lower]) func anythingButNaNIsBetterThanNothing(
        direction: Metric.Direction
    ) {
        #expect(Metric("m", -7, isBetter: direction).improves(on: nil))
        #expect(!Metric("m", .nan, isBetter: direction).improves(on: nil))
    }

    @Test func aChangeMustExceedTheLeast() {
        #expect(!Metric("m", 0.6, isBetter: .higher).improves(on: 0.5, by: 0.2))
        #expect(Metric("m", 0.75, isBetter: .higher).improves(on: 0.5, by: 0.2))
        #expect(!Metric("m", 0.4, isBetter: .lower).improves(on: 0.5, by: 0.2))
        #expect(Metric("m", 0.25, isBetter: .lower).improves(on: 0.5, by: 0.2))
    }
}
