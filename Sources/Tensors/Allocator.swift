#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// The process's one `MemoryPool`, which every tensor's memory comes from.
public enum Allocator {
    /// Counters since the process started; sizes in bytes.
    public struct Statistics: Sendable {
        /// Held by live tensors.
        public var inUse = 0
        /// The largest `inUse` so far.
        public var peak = 0
        /// Freed and kept for reuse.
        public var cached = 0
        /// Requests served with memory that was in use before, and requests that took fresh memory.
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

    /// Gives every cached block back to the system.
    public static func emptyCache() { pool.withLock { $0.trim(to: 0) } }

    /// Runs `body` and says how many bytes its tensors held at once at most. Only what this thread takes and frees is counted.
    public static func peak<E: Error>(of body: () throws(E) -> Void) throws(E) -> Int {
        let meter = MemoryMeter()
        try Context.with(meter, body)
        return meter.peak
    }

    private static let pool = Mutex(MemoryPool(capacity: 4 * sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))))

    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        let size = MemoryPool.size(for: bytes)
        Context.meter?.take(size)
        if let block = pool.withLock({ $0.take(size) }) { return block }
        var block = aligned_alloc(64, size)
        if block == nil {
            emptyCache()
            block = aligned_alloc(64, size)
        }
        guard let block else { fatalError("out of memory: \(size) bytes for a tensor, \(statistics.inUse) in use") }
        return block
    }

    static func free(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = MemoryPool.size(for: bytes)
        Context.meter?.put(size)
        pool.withLock { $0.put(block, size: size) }
    }
}
