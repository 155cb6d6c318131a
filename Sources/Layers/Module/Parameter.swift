public import ConcordTensors
import Synchronization

/// A trainable value: a leaf of a module.
///
/// It gets its initial value from `Module.initialize(seed:)`, by its path. One that is read before that gets it from
/// its shape and seed 0, so that a layer on its own works; two equal layers on their own then start equal.
public final class Parameter: Module {
    /// The value's shape, which never changes.
    public let shape: [Int]
    /// How the initial value is made.
    public let initializer: Initializer
    /// Values outside it are clamped after every update; nil allows all.
    public let range: ClosedRange<Float>?

    private struct State {
        var value: Tensor?
        var isFrozen = false
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - shape: of the value.
    ///   - initializer: makes the initial value.
    ///   - range: values outside it are clamped after every update; nil allows all.
    public init(_ shape: [Int], _ initializer: Initializer, range: ClosedRange<Float>? = nil) {
        self.shape = shape
        self.initializer = initializer
        self.range = range
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The value as computations see it: recorded on the open tape unless frozen, and replaced inside `with(values)`.
    public var value: Tensor {
        let context = Context.current
        let value = context.values?[self] ?? stored
        guard let tape = context.tape, !isFrozen else { return value }
        return tape.leaf(self, value: value)
    }

    /// The module's own value, outside of tapes and substitutions.
    public var stored: Tensor {
        state.withLock { state in
            if let value = state.value { return value }
            let value = initializer(shape: shape, key: RandomKey(seed: 0).derived("\(shape)"))
            state.value = value
            return value
        }
    }

    /// Frozen parameters get no gradient and no update.
    public var isFrozen: Bool {
        get { state.withLock { $0.isFrozen } }
        set { state.withLock { $0.isFrozen = newValue } }
    }

    /// Replaces the value, as loading a checkpoint does.
    /// - Precondition: the shape is the parameter's.
    public func assign(_ value: Tensor) {
        guard value.shape == shape else {
            fatalError("Parameter: value of shape \(value.shape) for a parameter of \(shape)")
        }
        state.withLock { $0.value = value.detached }
    }

    /// Takes other values, of the same number of elements, in place.
    package func replace(with values: Tensor) {
        ShapeCheck.require(values.count == count, "Parameter", "\(values.shape) for a parameter of \(shape)")
        update { $0.update(from: values.float32Pointer, count: values.count) }
    }

    /// Changes the value in place where nobody else holds it, in a copy otherwise; clamps it to `range`.
    package func update(_ body: (UnsafeMutablePointer<Float>) -> Void) {
        _ = stored
        let count = count, range = range
        state.withLock { state in
            state.value?.update { p in
                body(p)
                guard let range else { return }
                for i in 0..<count { p[i] = min(max(p[i], range.lowerBound), range.upperBound) }
            }
        }
    }

    func initialize(key: RandomKey) {
        state.withLock { state in
            if state.value == nil { state.value = initializer(shape: shape, key: key) }
        }
    }
}
