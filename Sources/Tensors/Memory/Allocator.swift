import ConcordFiles
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

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

    /// The counters now.
    public static var statistics: Statistics { pool.withLock { $0.statistics } }

    /// Gives every cached block back to the system.
    public static func emptyCache() { pool.withLock { $0.trim(to: 0) } }

    /// Runs `body` and returns the most bytes that its tensors held at once. Only what this thread takes and frees is
    /// counted.
    public static func peak<E: Error>(of body: () throws(E) -> Void) throws(E) -> Int {
        let meter = MemoryMeter()
        try Context.with(meter, body)
        return meter.peak
    }

    private static let pool = Mutex(MemoryPool(capacity: capacity))

    /// Addresses for large blocks: without a limit on them far more than there is memory; with one, half of what it
    /// leaves, so that threads' stacks, libraries and decoders find the rest.
    private static var capacity: Int {
        let machine = 4 * sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return MemoryLimit.addresses.map { min(machine, $0.available / 2) } ?? machine
    }

    /// Addresses that tensors leave to everything else where they are limited: OpenBLAS waits for ever where it gets
    /// none, and a Swift array traps.
    private static let reserve = 64 << 20

    /// Memory of at least `bytes`, aligned to 64; where there is none the process ends, see `OutOfMemory`.
    /// - Parameter purpose: for the message.
    static func allocate(_ bytes: Int, for purpose: () -> String) -> UnsafeMutableRawPointer {
        guard bytes < 1 << 46 else { OutOfMemory.fail(bytes, for: purpose()) }
        let size = MemoryPool.size(for: bytes)
        Context.meter?.take(size)
        let (taken, isDue) = pool.withLock { ($0.take(size), $0.isCheckDue()) }
        if isDue { requirePages(size, for: purpose) }
        if let block = taken { return block }
        if isDue, let limit = MemoryLimit.addresses, size > limit.available - reserve {
            OutOfMemory.fail(size, for: purpose())
        }
        var block = aligned_alloc(64, size)
        if block == nil {
            emptyCache()
            block = aligned_alloc(64, size)
        }
        guard let block else { OutOfMemory.fail(size, for: purpose()) }
        return block
    }

    /// Stops where the pages of a fresh block would be more than are left.
    private static func requirePages(_ size: Int, for purpose: () -> String) {
        guard let limit = MemoryLimit.physical, size > limit.available else { return }
        emptyCache()
        if let limit = MemoryLimit.physical, size > limit.available { OutOfMemory.fail(size, for: purpose()) }
    }

    static func free(_ block: UnsafeMutableRawPointer, bytes: Int) {
        let size = MemoryPool.size(for: bytes)
        Context.meter?.put(size)
        pool.withLock { $0.put(block, size: size) }
    }
}

/// Counts the memory that tensors on one thread take and free, whatever other threads do.
final class MemoryMeter {
    /// Bytes; less than none where more was freed than taken.
    private(set) var held = 0
    /// The largest `held` so far.
    private(set) var peak = 0

    func take(_ bytes: Int) {
        held += bytes
        peak = max(peak, held)
    }

    func put(_ bytes: Int) { held -= bytes }

    /// Restarts `peak` from what is held now.
    func mark() { peak = held }

    /// Adds what another meter counted in this one's place.
    func add(_ other: MemoryMeter) {
        peak = max(peak, held + other.peak)
        held += other.held
    }
}
