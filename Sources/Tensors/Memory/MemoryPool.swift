#if canImport(Glibc)
    import Glibc
#endif

/// Freed memory, kept to be handed out again, so that a training step that repeats touches no fresh page.
///
/// Blocks up to 1 MiB are kept by size, rounded up to an eighth of their power of two (at most 12.5 % waste) and
/// aligned to 64 bytes; larger ones are cut from an `Arena`.
package struct MemoryPool: ~Copyable {
    /// The largest block that is kept by size.
    private static let largest = 1 << 20

    /// Freed bytes kept at most, as far as whole blocks allow.
    package var limit = 8 << 30
    private var arena: Arena
    /// Freed small blocks by their size.
    private var freeLists: [Int: [UInt]] = [:]
    /// Bytes on the freeLists.
    private var shelved = 0
    private var counters = Allocator.Statistics()
    /// Fresh bytes handed out since the limits were last looked at.
    private var unchecked = 0

    /// - Parameter capacity: bytes of addresses for large blocks; what goes beyond them comes from the system.
    package init(capacity: Int) { arena = Arena(capacity: capacity) }

    package var statistics: Allocator.Statistics {
        var result = counters
        result.cached = shelved + arena.touched
        return result
    }

    /// What a request is rounded up to.
    package static func size(for bytes: Int) -> Int {
        let bytes = max(bytes, 64)
        let step = bytes > largest ? Arena.unit : max(64, 1 << (Int.bitWidth - bytes.leadingZeroBitCount - 4))
        return (bytes + step - 1) / step * step
    }

    /// - Parameter size: from `size(for:)`, in bytes.
    /// - Returns: nil where the caller must ask the system, with 64 bytes' alignment.
    package mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
        counters.inUse += size
        counters.peak = max(counters.peak, counters.inUse)
        if size > Self.largest, let (block, fresh) = arena.take(size) {
            if fresh == 0 {
                counters.hits += 1
            } else {
                counters.misses += 1
                unchecked += fresh
            }
            return UnsafeMutableRawPointer(bitPattern: block)
        }
        guard let block = freeLists[size]?.popLast() else {
            counters.misses += 1
            unchecked += size
            return nil
        }
        counters.hits += 1
        shelved -= size
        return UnsafeMutableRawPointer(bitPattern: block)
    }

    /// Whether so much fresh memory was handed out since the last time that the limits should be looked at; once for
    /// every 32 MiB.
    package mutating func isCheckDue() -> Bool {
        guard unchecked >= 32 << 20 else { return false }
        unchecked = 0
        return true
    }

    /// Takes back what `take` gave, or what its caller had from the system.
    package mutating func put(_ block: UnsafeMutableRawPointer, size: Int) {
        counters.inUse -= size
        if arena.contains(UInt(bitPattern: block)) {
            arena.put(UInt(bitPattern: block), size: size)
        } else if shelved + size <= limit {
            shelved += size
            freeLists[size, default: []].append(UInt(bitPattern: block))
        } else {
            Glibc.free(block)
        }
        if arena.touched > limit { arena.trim(to: limit / 2) }
    }

    /// Gives freed memory back to the system until at most `limit` bytes of it are left.
    package mutating func trim(to limit: Int) {
        for size in freeLists.keys.sorted(by: >) {
            while shelved > limit, let block = freeLists[size]?.popLast() {
                shelved -= size
                Glibc.free(UnsafeMutableRawPointer(bitPattern: block))
            }
            if freeLists[size]?.isEmpty ?? false { freeLists[size] = nil }
        }
        if shelved + arena.touched > limit { arena.trim(to: max(0, limit - shelved)) }
    }
}
