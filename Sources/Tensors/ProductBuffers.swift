import COpenBLAS
import ConcordFiles
import Synchronization

/// OpenBLAS's working memory.
///
/// It takes a buffer for each thread that is inside of it when the thread first is, keeps it, and where the system has none tries again for
/// ever. Under a limit on addresses all buffers are taken at once, before the first product, or the process ends with an error.
enum ProductBuffers {
    /// A buffer with its alignment.
    private static let bytes = 129 << 20
    /// How many buffers there are; its constructor takes one.
    private static let count = Atomic<Int>(1)
    private static let taking = Mutex<Void>(())

    /// Sees to it that so many threads can multiply.
    static func prepare(for threads: Int) {
        guard threads > count.load(ordering: .acquiring) else { return }
        taking.withLock { _ in take(threads) }
    }

    private static func take(_ threads: Int) {
        let there = count.load(ordering: .relaxed)
        guard threads > there else { return }
        defer { count.store(threads, ordering: .releasing) }
        guard let limit = MemoryLimit.addresses else { return }
        let wanted = (threads - there) * bytes
        guard wanted <= limit.available else {
            OutOfMemory.fail(wanted, for: "buffers of OpenBLAS for \(threads) threads (OMP_NUM_THREADS sets their number)")
        }
        let buffers = (0..<threads).map { _ in blas_memory_alloc(0) }
        for buffer in buffers { blas_memory_free(buffer) }
    }
}
