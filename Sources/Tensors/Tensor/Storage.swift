import Synchronization

/// A tensor's memory: one block of the pool, shared by every value that reshapes it.
package final class Storage: @unchecked Sendable {
    package let bytes: Int
    package let base: UnsafeMutableRawPointer
    /// Grows by one with every write in place; caches derived from the contents are keyed by it.
    package var version: Int { counter.load(ordering: .relaxed) }

    private let counter = Atomic<Int>(0)
    private static let serials = Atomic<Int>(0)
    /// Distinct for every storage ever made, unlike its address.
    package let serial = Storage.serials.wrappingAdd(1, ordering: .relaxed).newValue

    package init(bytes: Int, for purpose: @autoclosure () -> String = "working memory") {
        self.bytes = bytes
        base = Allocator.allocate(bytes, for: purpose)
    }

    deinit { Allocator.free(base, bytes: bytes) }

    /// The memory as float32.
    var float32Pointer: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

    /// Marks the contents as changed.
    package func touch() { counter.wrappingAdd(1, ordering: .relaxed) }
}
