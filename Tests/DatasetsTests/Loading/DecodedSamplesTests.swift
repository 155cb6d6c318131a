import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

@Suite struct DecodedSamplesTests {
    private let loads = Counter()

    private func samples(_ count: Int = 64) -> DecodedSamples<Tensor> {
        DecodedSamples(count: count) { [loads] index in
            loads.add()
            return Tensor([UInt8](repeating: UInt8(index), count: 100), shape: [100])
        }
    }

    private func run(_ samples: Samples<(UInt8, UInt64)>, epochs: Int = 3) throws -> [[UInt64]] {
        let batches = samples.batches(of: 8, threads: 2) { $0.map { UInt64($0.0) ^ $0.1 } }
        return try (0..<epochs).flatMap { try batches.epoch($0).map { try $0.get() } }
    }

    private func augmented(_ decoded: DecodedSamples<Tensor>) -> Samples<(UInt8, UInt64)> {
        decoded.augmented { tensor, random in (tensor.bytes[0], random.next()) }
    }

    @Test func cachedSamplesAreDecodedOnceAndAugmentedEveryTime() throws {
        let plain = try run(augmented(samples()))
        #expect(loads.value == 192)
        let cached = try run(augmented(samples().cached(limit: 1 << 20)))
        #expect(cached == plain)
        #expect(loads.value == 192 + 64)
        #expect(Set(cached.flatMap(\.self)).count == 192)
    }

    @Test func whatIsBeyondTheLimitIsDecodedEachTime() throws {
        let plain = try run(augmented(samples())), before = loads.value
        #expect(try run(augmented(samples().cached(limit: 1650))) == plain)
        #expect(loads.value - before == 16 + 48 * 3)
    }

    @Test func aSampleThatFailsIsNotKept() throws {
        let tries = Counter()
        let decoded = DecodedSamples<Tensor>(count: 20) { [tries] index in
            if index == 3 {
                tries.add()
                throw DatasetError.emptyFile(path: "3")
            }
            return Tensor(Float(index))
        }.cached()
        let batches = decoded.samples.batches(of: 20, shuffle: false) { $0.count }
        for epoch in 0..<2 { for batch in batches.epoch(epoch) { #expect(try batch.get() == 19) } }
        #expect(tries.value == 2)
        #expect(batches.badSamples.count == 1)
    }

    @Test func rowsOfATableCanBeDecodedAndAugmented() throws {
        let folder = TemporaryFolder()
        let table = try Table(csv: folder.write("n\n1\n2\n3\n4\n", to: "t.csv"))
        let batches = table.samples(loading: { row in try row.integer("n") }).cached(size: { _ in 8 })
            .augmented { number, random in number * 10 + random.integer(below: 10) }
            .batches(of: 4, shuffle: false) { $0 }
        for batch in batches.epoch(0) { #expect(try batch.get().map { $0 / 10 } == [1, 2, 3, 4]) }
    }
}
