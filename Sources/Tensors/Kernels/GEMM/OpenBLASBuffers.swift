import COpenBLAS
import ConcordFiles
import Synchronization

/// OpenBLAS's working memory.
///
/// It takes a buffer for each thread that is inside of it when the thread first is, keeps it, and where the system has
/// none tries again for ever. Under a limit on addresses all buffers are taken at once, before the first product, or
/// the process ends with an error.
enum OpenBLASBuffers {
    /// A buffer with its alignment.
    private static let bytes = 129 << 20
    /// Threads that have been prepared for.
    private static let count = Atomic<Int>(0)
    private static let taking = Mutex<Void>(())

    /// Makes sure that so many threads can multiply, each by itself.
    static func prepare(for threads: Int) {
        guard threads > count.load(ordering: .acquiring) else { return }
        taking.withLock { _ in take(threads) }
    }

    private static func take(_ threads: Int) {
        guard threads > count.load(ordering: .relaxed) else { return }
        defer { count.store(threads, ordering: .releasing) }
        openblas_set_num_threads(1)  // our own parallel loop runs over blocks
        var buffers: [UnsafeMutableRawPointer?] = []
        defer { for buffer in buffers { blas_memory_free(buffer) } }
        // Some of them may be there already: OpenBLAS does not tell. One that is there takes nothing from what is
        // available.
        for _ in 0..<threads {
            guard let limit = MemoryLimit.addresses else { return }
            guard limit.available >= bytes else {
                OutOfMemory.fail(
                    bytes,
                    for: "a buffer of OpenBLAS for each of \(threads) threads (OMP_NUM_THREADS sets their number)")
            }
            buffers.append(blas_memory_alloc(0))
        }
    }
}
