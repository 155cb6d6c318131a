import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

@Suite struct BatchesTests {
    /// What a batch is made of: the samples with a random number each, and one for the whole batch.
    struct Drawn: Equatable, Sendable {
        var samples: [Int], draws: [UInt64], shared: UInt64
    }

    private func batches(
        _ count: Int = 103, of size: Int = 8, seed: UInt64 = 0, shuffle: Bool = true, dropLast: Bool = true,
        threads: Int = 2,
        prefetch: Int = 4
    ) -> Batches<Drawn> {
        Samples(count: count) { index, random in (index, random.next()) }
            .batches(of: size, seed: seed, shuffle: shuffle, dropLast: dropLast, threads: threads, prefetch: prefetch) {
                samples, random in
                Drawn(samples: samples.map(\.0), draws: samples.map(\.1), shared: random.next())
            }
    }

    private func contents(_ batches: Batches<Drawn>, _ epoch: Int, startingAt step: Int = 0) throws -> [Drawn] {
        try batches.epoch(epoch, startingAt: step).map { try $0.get() }
    }

    @Test(arguments: [0, 1, 2, 4, 7]) func batchesAreTheSameForAnyNumberOfThreads(threads: Int) throws {
        #expect(
            try contents(batches(threads: threads, prefetch: 1 + threads % 3), 3) == contents(batches(threads: 0), 3))
    }

    @Test(arguments: 0...13) func anEpochEnteredLateIsTheTailOfTheWhole(step: Int) throws {
        let batches = batches()
        #expect(try contents(batches, 1, startingAt: step) == Array(contents(batches, 1).dropFirst(step)))
        #expect(batches.epoch(1, startingAt: step).first { _ in true }?.index == (step < 12 ? step : nil))
    }

    @Test func skippedBatchesAreNotLoaded() throws {
        let loads = Counter()
        let batches = Samples(count: 64) { index, _ in loads.add() }.batches(of: 8, threads: 2) { _ in 0 }
        for batch in batches.epoch(0, startingAt: 6) { _ = try batch.get() }
        #expect(loads.value == 16)
    }

    @Test func anEpochHasEverySampleAtMostOnce() throws {
        let samples = try contents(batches(), 0).flatMap(\.samples)
        #expect(samples.count == 96)
        #expect(Set(samples).count == 96)
        #expect(samples != samples.sorted())
    }

    @Test func epochsAndSeedsDiffer() throws {
        let one = try contents(batches(seed: 0), 0)
        for other in [try contents(batches(seed: 0), 1), try contents(batches(seed: 1), 0)] {
            #expect(other.map(\.samples) != one.map(\.samples))
            #expect(Set(other.flatMap(\.draws)).isDisjoint(with: one.flatMap(\.draws)))
            #expect(Set(other.map(\.shared)).isDisjoint(with: one.map(\.shared)))
        }
        #expect(try contents(batches(seed: 0), 0) == one)
    }

    @Test func aSamplesRandomnessDependsOnItAlone() throws {
        func draws(_ batches: Batches<Drawn>) throws -> [Int: UInt64] {
            Dictionary(uniqueKeysWithValues: try contents(batches, 2).flatMap { zip($0.samples, $0.draws) })
        }
        let small = try draws(batches(of: 3, dropLast: false)),
            large = try draws(batches(of: 50, shuffle: false, dropLast: false))
        #expect(small == large)
        #expect(small.count == 103)
    }

    @Test func withoutShufflingRowsStandInOrderAndTheLastBatchIsShort() throws {
        let batches = batches(20, of: 8, shuffle: false, dropLast: false)
        #expect(batches.stepsPerEpoch == 3)
        #expect(try contents(batches, 0).map(\.samples) == [Array(0..<8), Array(8..<16), Array(16..<20)])
        #expect(batches.epoch(0).map(\.indices) == [Array(0..<8), Array(8..<16), Array(16..<20)])
    }

    @Test func theLastShortBatchIsDroppedOnRequest() throws {
        #expect(try contents(batches(20), 0).map(\.samples.count) == [8, 8])
        #expect(try contents(batches(20, dropLast: false), 0).map(\.samples.count) == [8, 8, 4])
        #expect(try contents(batches(24, dropLast: false), 0).map(\.samples.count) == [8, 8, 8])
    }

    @Test func keysBelongToSamples() throws {
        let first = batches(of: 4), second = batches(of: 7)
        func keys(_ batches: Batches<Drawn>) -> [Int: RandomKey] {
            var result: [Int: RandomKey] = [:]
            for batch in batches.epoch(0) { for (index, key) in zip(batch.indices, batch.keys) { result[index] = key } }
            return result
        }
        let a = keys(first), b = keys(second)
        #expect(Set(a.values).count == a.count)
        for (index, key) in a { #expect(b[index] == nil || b[index] == key) }
    }

    @Test func stepsGoOnAcrossEpochs() throws {
        let batches = batches()
        let across = try batches.steps(10..<15).map { try $0.get() }
        #expect(try across == contents(batches, 0).suffix(2) + contents(batches, 1).prefix(3))
        #expect(
            batches.steps(10..<15).map { [$0.epoch, $0.index] } == [[0, 10], [0, 11], [1, 0], [1, 1], [1, 2]])
    }

    @Test func tooFewSamplesAreAnErrorAndNotAnEndlessEpoch() {
        let batches = batches(5)
        #expect(batches.stepsPerEpoch == 0)
        #expect(throws: DatasetError.tooFewSamples(count: 5, batch: 8)) { try batches.validate() }
        #expect(throws: DatasetError.tooFewSamples(count: 5, batch: 8)) { try contents(batches, 0) }
        #expect(throws: DatasetError.tooFewSamples(count: 0, batch: 8)) {
            try contents(self.batches(0, dropLast: false), 0)
        }
    }

    @Test func aSampleOfABatchCanBeMadeAgainFromItsKey() throws {
        let samples = Samples(count: 40) { index, random in UInt64(index) ^ random.next() }
        for batch in samples.batches(of: 10, { $0 }).epoch(2) {
            #expect(try zip(batch.indices, batch.keys).map { try samples.sample($0, key: $1) } == batch.get())
        }
    }

    @Test func loadersComputeSerially() throws {
        let batches = Samples(count: 8) { _, _ in Context.current.isInRegion && !Threads.claim() }.batches(
            of: 4, threads: 2
        ) { $0 }
        for batch in batches.epoch(0) { #expect(try batch.get() == [true, true, true, true]) }
    }
}
