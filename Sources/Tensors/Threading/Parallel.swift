import CBridges
import Synchronization

/// Loops over independent iterations on the thread pool.
package enum Parallel {
    /// Runs `body` over `0 ..< count` cut into one run of neighbors a thread.
    ///
    /// - Parameters:
    ///   - grain: the smallest run worth a thread of its own; below two of them the loop is serial.
    ///   - body: called with disjoint ranges that cover the whole, at once; it must not depend on where the cuts fall.
    package static func run(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
        FloatMode.flushing { start(count, grain: grain, body) }
    }

    /// Runs `body` for each of `0 ..< count`, each on the thread that is free first (dynamic scheduling): for long
    /// iterations, of which a slow thread should get fewer.
    ///
    /// - Parameters:
    ///   - grain: the fewest worth a thread of their own.
    ///   - body: must not depend on which thread runs it.
    package static func runDynamically(_ count: Int, grain: Int = 1, _ body: (Int) -> Void) {
        let next = Next()
        run(max(1, min(count / max(1, grain), Threads.count))) { _ in
            while let chunk = next.taken(below: count) { body(chunk) }
        }
    }

    private final class Next: Sendable {
        private let number = Atomic<Int>(0)

        func taken(below count: Int) -> Int? {
            let mine = number.wrappingAdd(1, ordering: .relaxed).oldValue
            return mine < count ? mine : nil
        }
    }

    /// The run of neighbors of one chunk.
    fileprivate static func cut(_ chunk: Int, of chunks: Int, _ count: Int) -> Range<Int> {
        count * chunk / chunks..<count * (chunk + 1) / chunks
    }

    private static func start(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        let chunks = min(Threads.count, count / max(1, grain))
        guard chunks > 1, !Context.current.isInRegion else {
            if count > 0 { body(0..<count) }
            return
        }
        let hasPool = Threads.claim()
        Context.current.isInRegion = true
        defer { Context.current.isInRegion = false }
        guard hasPool else {
            // In the same cuts: the last bits of an sgemm depend on where its blocks begin.
            for chunk in 0..<chunks { body(cut(chunk, of: chunks, count)) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var region = Region(body: body, count: count, chunks: chunks, kernels: Context.kernels)
            withUnsafeMutablePointer(to: &region) { GOMP_parallel(runChunk, $0, UInt32(chunks), 0) }
        }
    }
}

private struct Region {
    let body: (Range<Int>) -> Void
    let count: Int
    let chunks: Int
    /// Of the thread that opened it.
    let kernels: KernelScope?

    /// The chunks of this thread.
    func run() {
        // libgomp may start fewer threads than requested: the runs are distributed among those.
        let threads = Int(omp_get_num_threads())
        for chunk in stride(from: Int(omp_get_thread_num()), to: chunks, by: threads) {
            body(Parallel.cut(chunk, of: chunks, count))
        }
    }
}

/// One thread's part; a C function, so that no actor's isolation is checked on libgomp's threads.
private let runChunk: @convention(c) (UnsafeMutableRawPointer?) -> Void = { raw in
    guard let raw else { return }
    let region = raw.assumingMemoryBound(to: Region.self)
    if region.pointee.kernels == nil || omp_get_thread_num() == 0 {
        region.pointee.run()
    } else {
        Context.with(region.pointee.kernels) { region.pointee.run() }
    }
}

/// Subnormal floats (below 1.2e-38) are zero inside of computations: FTZ and DAZ on x86, FZ on Arm.
///
/// Intel's processors take over a hundred cycles for each of them, and a softmax over far-apart logits is full of them:
/// a step of `concord-bench`'s bert-small took 9.3 s with and 1.8 s without. XLA and TensorFlow do the same. The
/// caller's own mode is back when an operation returns; threads of the pool, which start inside of one, keep it.
enum FloatMode {
    static func flushing<R>(_ body: () -> R) -> R {
        let mode = concord_flush_subnormals()
        defer { concord_restore_float_mode(mode) }
        return body()
    }
}
