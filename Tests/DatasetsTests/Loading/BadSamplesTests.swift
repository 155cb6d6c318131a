import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

@Suite struct BadSamplesTests {
    private struct Truncated: Error, CustomStringConvertible {
        let name: String
        var description: String { "\(name): truncated" }
    }

    private func batches(
        _ count: Int = 200, of size: Int = 10, shuffle: Bool = true, dropLast: Bool = true, threads: Int = 2,
        limit: Double = 0.1,
        isBad: @escaping @Sendable (Int) -> Bool
    ) -> Batches<[Int]> {
        Samples(count: count, named: { "f\($0).jpg" }) { index, _ in
            if isBad(index) { throw Truncated(name: "f\(index).jpg") }
            return index
        }.batches(of: size, shuffle: shuffle, dropLast: dropLast, threads: threads, badLimit: limit) { $0 }
    }

    @Test func aBadSampleIsReplacedCountedAndNamed() throws {
        let batches = batches { $0 == 17 || $0 == 90 }
        for epoch in 0..<3 {
            for batch in batches.epoch(epoch) {
                let samples = try batch.get()
                #expect(samples.count == 10)
                #expect(!samples.contains(17) && !samples.contains(90))
                #expect(batch.indices == samples)
                #expect(Set(batch.keys).count == 10)
            }
        }
        #expect(batches.badSamples.count == 2)
        #expect(batches.badSamples.triedCount == 200)
        #expect(Set(batches.badSamples.examples.map(\.name)) == ["f17.jpg", "f90.jpg"])
        #expect(Set(batches.badSamples.examples.map(\.reason)) == ["f17.jpg: truncated", "f90.jpg: truncated"])
    }

    @Test(arguments: [1, 2, 4]) func replacementsDoNotDependOnThreads(threads: Int) throws {
        func run(_ threads: Int) throws -> [[Int]] {
            try batches(threads: threads) { $0 % 11 == 3 }.epoch(1).map { try $0.get() }
        }
        #expect(try run(threads) == run(0))
    }

    @Test func replacementsStandInATailToo() throws {
        let batches = batches { $0 % 11 == 3 }
        let whole = try batches.epoch(0).map { try $0.get() }
        #expect(try batches.epoch(0, startingAt: 7).map { try $0.get() } == Array(whole.dropFirst(7)))
    }

    @Test func inEvaluationABadSampleIsLeftOutAndRowsStayAligned() throws {
        let batches = batches(25, shuffle: false, dropLast: false) { $0 == 0 || $0 == 24 }
        #expect(batches.epoch(0).map(\.indices) == [Array(1..<10), Array(10..<20), Array(20..<24)])
        #expect(try batches.epoch(0).map { try $0.get() } == batches.epoch(0).map(\.indices))
        #expect(batches.badSamples.count == 2)
    }

    @Test func aBatchOfBadSamplesOnlyIsLeftOut() throws {
        let batches = batches(100, shuffle: false, dropLast: false) { (30..<40).contains($0) }
        let delivered = Array(batches.epoch(0))
        #expect(delivered.map(\.index) == [0, 1, 2, 4, 5, 6, 7, 8, 9])
    }

    @Test(arguments: [0, 1, 2, 4]) func tooManyBadSamplesStopAtTheSameStep(threads: Int) {
        func run(_ threads: Int) -> (steps: Int, message: String) {
            var steps = 0
            do {
                for batch in batches(1000, threads: threads, isBad: { $0 % 4 == 1 }).epoch(0) {
                    _ = try batch.get()
                    steps += 1
                }
            } catch { return (steps, "\(error)") }
            return (steps, "")
        }
        let (steps, message) = run(threads)
        #expect(
            message.contains("samples tried are unreadable")
                && message.contains("10.0 % may be: f")
                && message.contains("truncated"))
        #expect((steps, message) == run(0))
        #expect(steps < 10)
    }

    @Test func aShareBelowTheLimitGoesThrough() throws {
        for batch in batches(1000, isBad: { $0 % 11 == 1 }).epoch(0) { _ = try batch.get() }
    }

    @Test func inOrderAShareIsTooLargeWhenItIsTooLargeForTheWhole() {
        let batches = batches(1000, shuffle: false, dropLast: false, isBad: { $0 % 9 == 1 })
        #expect(throws: DatasetError.self) { for batch in batches.epoch(0) { _ = try batch.get() } }
        #expect(batches.badSamples.count > 100)
    }

    @Test func oneBadSampleOfFewGoesThrough() throws {
        for batch in batches(4, of: 2, isBad: { $0 == 1 }).epoch(0) { #expect(try batch.get().count == 2) }
    }

    @Test(arguments: [true, false]) func onlyBadSamplesAreAnError(shuffle: Bool) {
        let batches = batches(6, of: 2, shuffle: shuffle) { _ in true }
        #expect(throws: DatasetError.self) { for batch in batches.epoch(0) { _ = try batch.get() } }
        let many = self.batches(1000, shuffle: shuffle) { _ in true }
        #expect(throws: DatasetError.self) { for batch in many.epoch(0) { _ = try batch.get() } }
        #expect(many.badSamples.count > 0)
    }

    @Test func tableRowsAreNamedByLine() throws {
        let folder = TemporaryFolder()
        let path = try folder.write("n\n" + (0..<40).map { $0 == 3 ? "x\n" : "\($0)\n" }.joined(), to: "t.csv")
        let batches = try Table(csv: path).samples { row, _ in try row.integer("n") }.batches(of: 8) { $0 }
        for batch in batches.epoch(0) { _ = try batch.get() }
        #expect(batches.badSamples.examples.map(\.name) == ["\(path):5"])
        #expect(
            batches.badSamples.examples.map(\.reason) == ["\(path):5: column \"n\" is \"x\", a whole number wanted"])
    }
}
