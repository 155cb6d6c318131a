#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// The pool that every tensor's memory comes from.
///
/// Freed memory is handed out again, so that a training step that repeats touches no fresh page. Blocks up to 1 MiB are kept by size, rounded
/// up to an eighth of their power of two (at most 12.5 % waste) and aligned to 64 bytes; larger ones are cut from an `Arena`.
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

    /// Starts `peak` anew from what is in use now.
    public static func resetPeak() { pool.withLock { $0.counters.peak = $0.counters.inUse } }

    /// Gives every cached block back to the system.
    public static func emptyCache() { pool.withLock { $0.trim(to: 0) } }

    private struct Pool: ~Copyable {
        /// Freed small blocks by their size.
        var shelves: [Int: [UInt]] = [:]
        /// Bytes on the shelves.
        var shelved = 0
        var arena = Arena(capacity: 4 * sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
        var counters = Statistics()
        var limit = 8 << 30

        var statistics: Statistics {
            var result = counters
            result.cached = shelved + arena.touched
            return result
        }

        /// - Returns: nil where the system must be asked.
        mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
            counters.inUse += size
            counters.peak = max(counters.peak, counters.inUse)
            if size > largest, let (block, isTouched) = arena.take(size) {
                if isTouched { counters.hits += 1 } else { counters.misses += 1 }
                return UnsafeMutableRawPointer(bitPattern: block)
            }
            guard let block = shelves[size]?.popLast() else {
                counters.misses += 1
                return nil
            }
            counters.hits += 1
            shelved -= size
            return UnsafeMutableRawPointer(bitPattern: block)
        }

        mutating func put(_ block: UnsafeMutableRawPointer, size: Int) {
            counters.inUse -= size
            if arena.contains(UInt(bitPattern: block)) {
                arena.put(UInt(bitPattern: block), size: size)
            } else if shelved + size <= limit {
                shelved += size
                shelves[size, default: []].append(UInt(bitPattern: block))
            } else {
                Glibc.free(block)
            }
            if arena.touched > limit { arena.trim(to: limit / 2) }
        }

        mutating func trim(to limit: Int) {
            for size in shelves.keys.sorted(by: >) {
                while shelved > limit, let block = shelves[size]?.popLast() {
                    shelved -= size
                    Glibc.free(UnsafeMutableRawPointer(bitPattern: block))
                }
                if shelves[size]?.isEmpty ?? false { shelves[size] = nil }
            }
            if shelved + arena.touched > limit { arena.trim(to: max(0, limit - shelved)) }
        }
    }

    private static let pool = Mutex(Pool())

    /// The largest block that is kept by size.
    private static let largest = 1 << 20

    /// The size that a request is rounded up to.
    static func bucket(_ bytes: Int) -> Int {
        let bytes = max(bytes, 64)
        let step = bytes > largest ? Arena.unit : max(64, 1 << (Int.bitWidth - bytes.leadingZeroBitCount - 4))
        return (bytes + step - 1) / step * step
    }

    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        let size = bucket(bytes)
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
        let size = bucket(bytes)
        pool.withLock { $0.put(block, size: size) }
    }
}
