public import ConcordTensors
import Synchronization

/// A value that a module keeps beside its parameters and that no gradient reaches: running statistics, a queue.
public final class Buffer: Module {
    public let shape: [Int]
    private let own: Mutex<Tensor>

    public init(_ initial: Tensor) {
        shape = initial.shape
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
