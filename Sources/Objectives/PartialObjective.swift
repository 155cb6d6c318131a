public import ConcordLayers
import ConcordTensors

/// An objective over a part of a larger batch.
public final class PartialObjective<Whole: Sendable, O: Objective>: Objective, NamedModule {
    private let objective: O
    private let part: @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?

    public var name: String { WeightedTerm<O.Input>.name(of: objective) }
    public var checkpointNames: [String: String] { ["objective": ""] }

    /// - Parameter part: the objective's input and which samples of the whole batch it is of (nil: all); nil where there is none.
    init(_ objective: O, part: @escaping @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?) {
        self.objective = objective
        self.part = part
    }

    public func callAsFunction(_ batch: Whole) -> Loss {
        guard let part = part(batch) else { return Loss(Tensor(0)) }
        let keys = Context.current.sampleKeys
        guard let rows = part.rows, let last = rows.last, last < keys.count else { return objective(part.input) }
        return withSampleKeys(rows.map { keys[$0] }) { objective(part.input) }
    }
}

extension Objective {
    /// This objective over a part of a larger batch.
    public func on<Whole: Sendable>(_ part: any KeyPath<Whole, Input> & Sendable) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { (input: $0[keyPath: part], rows: nil) }
    }

    /// This objective over a part that some samples of a larger batch have; 0 where none has.
    public func on<Whole: Sendable>(_ part: any KeyPath<Whole, Available<Input>?> & Sendable) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { whole in whole[keyPath: part].map { (input: $0.input, rows: $0.rows) } }
    }
}
