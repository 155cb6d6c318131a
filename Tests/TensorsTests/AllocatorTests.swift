import ConcordTensors
import Glibc
import Testing

struct AllocatorTests {
    @Test func aSmallBlockIsHandedOutAgainForRequestsOfAboutItsSize() {
        var pool = MemoryPool(capacity: 64 << 20)
        let size = MemoryPool.size(for: 1000)
        #expect(size == MemoryPool.size(for: size - 1) && pool.take(size) == nil)  // the system is asked
        guard let block = aligned_alloc(64, size) else { Issue.record("no memory"); return }
        pool.put(block, size: size)
        #expect(pool.statistics.cached == size && pool.statistics.inUse == 0)
        #expect(pool.take(size) == block && pool.statistics.cached == 0)
        #expect(pool.take(size) == nil && pool.statistics.hits == 1 && pool.statistics.misses == 2)
        pool.put(block, size: size)
        pool.trim(to: 0)
        #expect(pool.statistics.cached == 0)
    }

    @Test func largeBlocksOfSizesThatChangeFromStepToStepDoNotPileUp() {
        var pool = MemoryPool(capacity: 4 << 30)
        for step in 0..<60 {  // 32 to 268 MiB, one at a time; nobody touches a page
            let size = MemoryPool.size(for: (32 + 4 * step) << 20)
            guard let block = pool.take(size) else { Issue.record("refused"); break }
            pool.put(block, size: size)
        }
        let statistics = pool.statistics
        #expect(statistics.cached <= 2 * statistics.peak)  // by size they would be 8 GiB
    }

    @Test func noMoreIsKeptThanTheLimitSays() {
        var pool = MemoryPool(capacity: 1 << 30)
        pool.limit = 8 << 20
        guard let block = pool.take(12 << 20) else { Issue.record("refused"); return }
        pool.put(block, size: 12 << 20)
        #expect(pool.statistics.cached <= 8 << 20)
    }

    @Test func aPeakIsThatOfTheThreadsOwnTensors() {
        let before = Allocator.statistics.peak
        let bytes = 64 << 20
        let inner = Allocator.peak { _ = Tensor(uninitialized: [bytes / 4]) }
        #expect(inner == bytes)
        let outer = Allocator.peak {
            let held = Tensor(uninitialized: [bytes / 4])
            #expect(Allocator.peak { _ = Tensor(uninitialized: [bytes / 4]) } == bytes)
            _ = held
        }
        #expect(outer == 2 * bytes && Allocator.peak {} == 0)
        #expect(Allocator.statistics.peak >= max(before, 2 * bytes))
    }
}
