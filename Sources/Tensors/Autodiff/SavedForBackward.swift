/// A value that a pullback will need: its memory, or the way to make it again from what is held anyway.
///
/// Normalised and activated values are one pass over memory away from their inputs, which their own pullbacks hold; not
/// holding them as well takes a third off the memory of a residual network's step for a few hundredths of its time.
package struct SavedForBackward: Sendable {
    private let held: Tensor?
    fileprivate let rematerialization: Rematerialization?

    package init(_ value: Tensor) {
        rematerialization = value.rematerialization
        held = rematerialization == nil ? value.detached : nil
    }

    /// An operation's output, with how it is made again.
    /// - Parameters:
    ///   - other: a further value that `make` asks for. A chain of such values longer than three is cut by holding one.
    ///   - make: gives the same bits, from what the operation's pullback holds.
    package init(_ output: Tensor, from other: SavedForBackward? = nil, by make: @escaping @Sendable () -> Tensor) {
        let depth = 1 + (other?.rematerialization?.depth ?? 0)
        rematerialization = depth <= 3 ? Rematerialization(depth: depth, make: make) : nil
        held = rematerialization == nil ? output.detached : nil
    }

    /// The value, a constant; made anew by every call where it was not held.
    package var value: Tensor {
        if let held { return held }
        guard let rematerialization else { ShapeCheck.fail("SavedForBackward", "neither held nor made again") }
        return rematerialization.make()
    }
}

/// The way to make a tensor again.
package final class Rematerialization: Sendable {
    /// How many values are made again on the way to this one.
    fileprivate let depth: Int
    fileprivate let make: @Sendable () -> Tensor

    fileprivate init(depth: Int, make: @escaping @Sendable () -> Tensor) {
        self.depth = depth
        self.make = make
    }
}

extension Tensor {
    /// This recorded output, which further pullbacks will keep as `kept` says.
    func rematerialized(as kept: SavedForBackward) -> Tensor {
        isRecorded
            ? Tensor(shape: shape, elementType: elementType, storage: storage, trace: trace, rematerialization: kept.rematerialization)
            : self
    }
}
