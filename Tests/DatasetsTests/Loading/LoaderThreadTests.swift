import ConcordDatasets
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct LoaderThreadTests {
    private struct Fault: Error {}

    @Test(arguments: [0, 1, 2, 4]) func anEpochLeftEarlyEndsItsThreads(threads: Int) throws {
        let loads = Counter()
        weak var held: Counter?
        do {
            let token = Counter()
            held = token
            let batches = Samples(count: 10_000) { index, _ in
                token.add()
                loads.add()
                return index
            }.batches(of: 4, threads: threads, prefetch: 3) { $0 }
            for batch in batches.epoch(0) {
                _ = try batch.get()
                if batch.index == 2 { break }
            }
        }
        #expect(held == nil, "a thread still holds the samples")
        let loaded = loads.value
        usleep(2000)
        #expect(loads.value == loaded, "samples are loaded after the end")
        #expect(loaded <= (3 + max(3, threads)) * 4 + 4 * threads)
    }

    @Test(arguments: [0, 1]) func anIteratorThatIsDroppedEndsItsThreads(batches: Int) {
        for _ in 0..<20 {
            weak var held: Counter?
            do {
                let token = Counter()
                held = token
                var iterator = Samples(count: 100) { index, _ in
                    token.add()
                    return index
                }.batches(of: 4, threads: 4) { $0 }.epoch(0).makeIterator()
                for _ in 0..<batches { #expect(iterator.next() != nil) }
            }
            #expect(held == nil, "a thread still holds the samples")
        }
    }

    @Test func prefetchIsBounded() throws {
        let made = Counter()
        let batches = Samples(count: 400) { index, _ in index }.batches(of: 4, threads: 2, prefetch: 3) { samples in
            made.add()
            return samples
        }
        var iterator = batches.epoch(0).makeIterator()
        for given in 1...20 {
            _ = iterator.next()
            usleep(500)
            #expect(made.value <= given + 3)
        }
    }

    @Test func aBatchThatCannotBeMadeIsDeliveredAsAnErrorAndEndsTheEpoch() {
        let batches = Samples(count: 80) { index, _ in index }.batches(of: 8, shuffle: false, threads: 2) { samples in
            if samples.contains(40) { throw Fault() }
            return samples.count
        }
        let delivered = Array(batches.epoch(0))
        #expect(delivered.count == 6)
        #expect(throws: Fault.self) { try delivered[5].get() }
        #expect(throws: Never.self) { for batch in delivered.prefix(5) { _ = try batch.get() } }
    }

    @Test func severalEpochsCanRunAtOnce() throws {
        let batches = Samples(count: 64) { index, _ in index }.batches(of: 8, threads: 2) { $0 }
        let whole = try batches.epoch(0).map { try $0.get() }, next = try batches.epoch(1).map { try $0.get() }
        for (a, b) in zip(zip(batches.epoch(0), batches.epoch(1)), zip(whole, next)) {
            #expect(try a.0.get() == b.0)
            #expect(try a.1.get() == b.1)
        }
    }

    @Test func batchesDifferInTimeButNotInOrder() throws {
        let batches = Samples(count: 60) { index, _ in
            if index % 7 == 0 { usleep(300) }
            return index
        }.batches(of: 4, shuffle: false, threads: 4) { $0 }
        #expect(try batches.epoch(0).flatMap { try $0.get() } == Array(0..<60))
    }
}
