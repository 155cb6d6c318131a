import ConcordTensors
import Testing

/// The pool serves every test of the process at once; what is asserted holds whatever the others do.
struct AllocatorTests {
    @Test func `sizes that change from step to step do not pile up`() {
        _ = Tensor(uninitialized: [80 << 20])
        for step in 0..<60 { _ = Tensor(uninitialized: [(8 + step) << 20]) }  // 32 to 268 MiB, one at a time, never touched
        let statistics = Allocator.statistics
        #expect(statistics.cached <= 2 * statistics.peak)  // by size they would be 8 GiB
    }

    @Test func `a freed block is handed out again`() {
        let odd = 12_345_678
        _ = Tensor(uninitialized: [odd])
        let before = Allocator.statistics.hits
        _ = Tensor(uninitialized: [odd])
        #expect(Allocator.statistics.hits > before)
    }
}
