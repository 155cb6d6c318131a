import Synchronization

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

    private init(_ output: Tensor, _ rematerialization: Rematerialization?) {
        self.rematerialization = rematerialization
        held = rematerialization == nil ? output.detached : nil
    }

    /// An operation's output, with how it is computed again.
    /// - Parameters:
    ///   - other: a further value that `make` needs. A chain of such values longer than three is cut by storing one.
    ///   - make: returns the same bits, from what the operation's pullback holds.
    package init(_ output: Tensor, from other: SavedForBackward? = nil, by make: @escaping @Sendable () -> Tensor) {
        let depth = 1 + (other?.rematerialization?.depth ?? 0)
        self.init(output, depth <= 3 ? Rematerialization(.whole(make), depth: depth, links: 0) : nil)
    }

    /// An operation's output whose rows are computed again one by one, from the same rows of what its pullback holds.
    ///
    /// A chain of such outputs, each added to the next, is computed a few rows at a time in the caches: every stored
    /// value is read once. One longer than eight is cut by storing one.
    /// - Parameters:
    ///   - carried: of the same shape and element type, what the operation adds to its own input.
    ///   - isTaken: the operation's own pullback takes the rows (`takeRows`): until then a value that was computed
    ///     whole is held.
    ///   - step: writes the same bits.
    init(_ output: Tensor, adding carried: SavedForBackward?, isTaken: Bool, byRows step: @escaping RowStep) {
        let links = 1 + (carried?.rematerialization?.links ?? 0)
        let recipe = Rematerialization.Recipe.rows(
            output.shape, output.elementType, step, adding: carried, isTaken: isTaken)
        let depth = max(1, carried?.rematerialization?.depth ?? 0)
        self.init(output, links <= 8 ? Rematerialization(recipe, depth: depth, links: links) : nil)
    }

    /// The value, a constant; computed again by every call where it was not stored.
    package var value: Tensor {
        if let held { return held }
        if let computed = rematerialization?.computed.withLock({ $0 }) { return computed }
        switch rematerialization?.recipe {
        case .whole(let make): return make()
        case .rows(let shape, let type, let step, let carried, let isTaken):
            let output = Tensor(uninitialized: shape, type), width = shape.last ?? 1, to = output.elementPointer
            let rows = RowSource.computed(step, adding: carried?.rows), streams = Streaming.suits(output, channels: width)
            let count = output.count / max(1, width)
            Parallel.run(count, grain: Elementwise.grain / max(1, width)) { range in
                rows.run(range, width: width, type) { block, rows in
                    rows.write(block, to: to + block.lowerBound * width, streams: streams)
                }
            }
            if isTaken { rematerialization?.computed.withLock { $0 = output } }
            return output
        case nil: ShapeCheck.fail("SavedForBackward", "neither stored nor computed again")
        }
    }

    /// Access to the value by rows, without computing more of them than are read at a time.
    private var rows: RowSource {
        guard let rematerialization, case .rows(_, _, let step, let carried, _) = rematerialization.recipe else {
            return .stored(value)
        }
        if let computed = rematerialization.computed.withLock({ $0 }) { return .stored(computed) }
        return .computed(step, adding: carried?.rows)
    }

    /// The same for the value's last use.
    func takeRows() -> RowSource {
        let source = rows
        rematerialization?.computed.withLock { $0 = nil }
        return source
    }
}

/// How to compute a tensor again.
package final class Rematerialization: Sendable {
    fileprivate enum Recipe: Sendable {
        case whole(@Sendable () -> Tensor)
        case rows([Int], ElementType, RowStep, adding: SavedForBackward?, isTaken: Bool)
    }

    fileprivate let recipe: Recipe
    /// How many values are in memory, each for the next, until this one is.
    fileprivate let depth: Int
    /// How many outputs are computed by rows, each added to the next.
    fileprivate let links: Int
    /// From the first pullback that needed all of it to the last.
    fileprivate let computed = Mutex<Tensor?>(nil)

    fileprivate init(_ recipe: Recipe, depth: Int, links: Int) {
        (self.recipe, self.depth, self.links) = (recipe, depth, links)
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
