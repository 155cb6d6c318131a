import Synchronization

/// A count that threads share.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add(_ step: Int = 1) { count.add(step, ordering: .sequentiallyConsistent) }
}
