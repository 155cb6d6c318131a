/// A value that a pullback will need: its memory, or the way to make it again from what is held anyway.
///
/// Normalised and activated values are one pass over memory away from their inputs, which their own pullbacks hold; not
/// holding them as well takes a third off the memory of a residual network's step for a few hundredths of its time.
package struct Kept: Sendable {
    private let held: Tensor?
    fileprivate let remaking: Remaking?

    package init(_ value: Tensor) {
        remaking = value.remaking
        held = remaking == nil ? value.detached : nil
    }

    /// An operation's output, with how it is made again.
    /// - Parameters:
    ///   - other: a further value that `make` asks for. A chain of such values longer than three is cut by holding one.
    ///   - make: gives the same bits, from what the operation's pullback holds.
    package init(_ output: Tensor, from other: Kept? = nil, by make: @escaping @Sendable () -> Tensor) {
        let depth = 1 + (other?.remaking?.depth ?? 0)
        remaking = depth <= 3 ? Remaking(depth: depth, make: make) : nil
        held = remaking == nil ? output.detached : nil
    }

    /// The value, a constant; made anew by every call where it was not held.
    package var value: Tensor {
        if let held { return held }
        guard let remaking else { ShapeCheck.fail("Kept", "neither held nor made again") }
        return remaking.make()
    }
}

/// The way to make a tensor again.
package final class Remaking: Sendable {
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
    func remade(as kept: Kept) -> Tensor {
        isRecorded
            ? Tensor(shape: shape, elementType: elementType, storage: storage, trace: trace, remaking: kept.remaking)
            : self
    }
}
