public import ConcordTensors
import Synchronization

/// A value that a module keeps beside its parameters and that no gradient reaches: running statistics, a queue.
public final class Buffer: Module {
    /// The value of a buffer that several microbatches of one batch wrote to.
    public enum Merge: Sendable {
        /// The mean of what they wrote, by their samples: running statistics. What is no float32 is as the last one
        /// left it.
        case mean
        /// What the last one wrote.
        case last
    }

    /// The value's shape, which never changes.
    public let shape: [Int]
    /// What becomes of the values that microbatches write.
    public let merge: Merge
    private let own: Mutex<Tensor>

    /// - Parameter merge: what becomes of the values that the microbatches of one batch write.
    public init(_ initial: Tensor, underMicrobatches merge: Merge = .mean) {
        shape = initial.shape
        self.merge = merge
        own = Mutex(initial.detached)
    }

    /// The value as computations see it: replaced inside `with(values)`.
    public var value: Tensor { Context.current.values?[self] ?? stored }

    /// The module's own value.
    public var stored: Tensor { own.withLock { $0 } }

    /// Replaces the value; inside `with(values)` the replacement lands in those values.
    /// - Precondition: the shape is the buffer's.
    public func assign(_ value: Tensor) {
        guard value.shape == shape else { fatalError("Buffer: value of shape \(value.shape) for a buffer of \(shape)") }
        if let values = Context.current.values { values[self] = value } else { own.withLock { $0 = value.detached } }
    }
}
