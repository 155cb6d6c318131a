/// A value that a pullback will need: its memory, or how to compute it again from what is stored anyway.
///
/// Normalized and activated values are one pass over memory away from their inputs, which their own pullbacks hold; not
/// holding them as well takes a third off the memory of a residual network's step for a few hundredths of its time.
package struct SavedForBackward: Sendable {
    private let held: Tensor?
    fileprivate let rematerialization: Rematerialization?

    package init(_ value: Tensor) {
        rematerialization = value.rematerialization
        held = rematerialization == nil ? value.detached : nil
    }

    /// An operation's output, with how it is computed again.
    /// - Parameters:
    ///   - other: a further value that `make` needs. A chain of such values longer than three is cut by storing one.
    ///   - make: returns the same bits, from what the operation's pullback holds.
    package init(_ output: Tensor, from other: SavedForBackward? = nil, by make: @escaping @Sendable () -> Tensor) {
        let depth = 1 + (other?.rematerialization?.depth ?? 0)
        rematerialization = depth <= 3 ? Rematerialization(depth: depth, make: make) : nil
        held = rematerialization == nil ? output.detached : nil
    }

    /// The value, a constant; computed again by every call where it was not stored.
    package var value: Tensor {
        if let held { return held }
        guard let rematerialization else { ShapeCheck.fail("SavedForBackward", "neither stored nor computed again") }
        return rematerialization.make()
    }
}

/// How to compute a tensor again.
package final class Rematerialization: Sendable {
    /// How many values are computed again for this one.
    fileprivate let depth: Int
    fileprivate let make: @Sendable () -> Tensor

    fileprivate init(depth: Int, make: @escaping @Sendable () -> Tensor) {
        self.depth = depth
        self.make = make
    }
}

extension Tensor {
    /// This recorded output, which further pullbacks save as `kept` does.
    func rematerialized(as kept: SavedForBackward) -> Tensor {
        guard isRecorded else { return self }
        return Tensor(
            shape: shape, elementType: elementType, storage: storage, trace: trace,
            rematerialization: kept.rematerialization)
    }
}
