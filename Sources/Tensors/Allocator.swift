#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// The pool that every tensor's memory comes from.
///
/// Freed blocks are kept by size and handed out again, so that a training step that repeats touches no fresh page. Sizes are
/// rounded up to an eighth of their power of two (at most 12.5 % waste); blocks are aligned to 64 bytes, large ones to 2 MiB. Where the sizes
/// change from step to step, those unused for longest go back to the system before the pool holds half more than was ever in use.
public enum Allocator {
    /// Counters since the process started; sizes in bytes.
    public struct Statistics: Sendable {
        /// Held by live tensors.
        public var inUse = 0
        /// The largest `inUse` so far.
        public var peak = 0
        /// Freed and kept for reuse.
        public var cached = 0
        /// Requests served from the pool, and requests that went to the system.
        public var hits = 0, misses = 0
    }

    /// Freed bytes kept at most; beyond it blocks go back to the system.
    public static var cacheLimit: Int {
        get { pool.withLock { $0.limit } }
        set {
            pool.withLock {
                $0.limit = max(0, newValue); $0.trim(to: $0.limit)
            }
        }
    }

    public static var statistics: Statistics { pool.withLock { $0.statistics } }

    /// Starts `peak` anew from what is in use now.
    public static func resetPeak() { pool.withLock { $0.statistics.peak = $0.statistics.inUse } }

    /// Gives every cached block back to the system.
    public static func emptyCache() { pool.withLock { $0.trim(to: 0) } }

    /// Freed blocks of one size, and the request that last took one or gave one back.
    private struct Shelf {
        var blocks: [UInt] = []
        var used = 0
    }

    private struct Pool: ~Copyable {
        var free: [Int: Shelf] = [:]
        var statistics = Statistics()
        var limit = 8 << 30
        var clock = 0

        mutating func take(_ size: Int) -> UInt? {
            clock += 1
            guard let block = free[size]?.blocks.popLast() else { return nil }
            free[size]?.used = clock
            return block
        }

        mutating func put(_ block: UInt, size: Int) {
            free[size, default: Shelf()].blocks.append(block)
            free[size]?.used = clock
        }

        /// Makes room for a fresh block: sizes unused for longest go first.
        mutating func age(toFit size: Int) {
            let bound = max(statistics.peak + statistics.peak / 2, 64 << 20)
            while statistics.inUse + statistics.cached > bound,
                let oldest = free.filter({ $0.key != size && !$0.value.blocks.isEmpty }).min(by: {
                    ($0.value.used, $0.key) < ($1.value.used, $1.key)
                })
            {
                for block in oldest.value.blocks { Glibc.free(UnsafeMutableRawPointer(bitPattern: block)) }
                statistics.cached -= oldest.key * oldest.value.blocks.count
                free[oldest.key] = nil
            }
        }

        mutating func trim(to limit: Int) {
            guard statistics.cached > limit else { return }
            for size in free.keys.sorted(by: >) {
                while statistics.cached > limit, let block = free[size]?.blocks.popLast() {
                    statistics.cached -= size
                    Glibc.free(UnsafeMutableRawPointer(bitPattern: block))
                }
                if free[size]?.blocks.isEmpty ?? false { free[size] = nil }
            }
        }
    }

    private static let pool = Mutex(Pool())

    /// The size that a request is rounded up to.
    static func bucket(_ bytes: Int) -> Int {
        let bytes = max(bytes, 64)
        let step = max(64, 1 << (Int.bitWidth - bytes.leadingZeroBitCount - 4))
        return (bytes + step - 1) / step * step
    }

    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        let size = bucket(bytes)
        let cached: UnsafeMutableRawPointer? = pool.withLock { pool in
            pool.statistics.inUse += size
            pool.statistics.peak = max(pool.statistics.peak, pool.statistics.inUse)
            guard let block = pool.take(size) else {
                pool.statistics.misses += 1
                pool.age(toFit: size)
                return nil
            }
            pool.statistics.hits += 1
            pool.statistics.cached -= size
            return UnsafeMutableRawPointer(bitPattern: block)
        }
        if let cached { return cached }
        let isLarge = size >= 4 << 20
        var block = aligned_alloc(isLarge ? 2 << 20 : 64, isLarge ? (size + (2 << 20) - 1) & ~((2 << 20) - 1) : size)
        if block == nil {
            emptyCache()
            block = aligned_alloc(64, size)
        }
        guard let block else { fatalError("out of memory: \(size) bytes for a tensor, \(statistics.inUse) in use") }
        if isLarge { madvise(block, size, MADV_HUGEPAGE) }
        return block
    }

    static func free(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = bucket(bytes)
        let keep = pool.withLock { pool in
            pool.statistics.inUse -= size
            guard pool.statistics.cached + size <= pool.limit else { return false }
            pool.statistics.cached += size
            pool.put(UInt(bitPattern: block), size: size)
            return true
        }
        if !keep { Glibc.free(block) }
    }
}
