public import ConcordLayers
public import ConcordTensors

/// An objective over a part of a larger batch.
public final class PartialObjective<Whole: Sendable, O: Objective>: Objective, NamedModule {
    private let objective: O
    private let part: @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?

    public var name: String { WeightedTerm<O.Input>.name(of: objective) }
    public var checkpointNames: [String: String] { ["objective": ""] }

    /// - Parameter part: the objective's input and which samples of the whole batch it is of (nil: all); nil where
    ///   there is none.
    init(_ objective: O, part: @escaping @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?) {
        self.objective = objective
        self.part = part
    }

    public func callAsFunction(_ batch: Whole) -> Loss { withPart(of: batch) { objective($0) } ?? Loss(Tensor(0)) }

    /// What `body` makes of the part, with its samples' keys at hand; nil where there is none.
    private func withPart<R>(of batch: Whole, _ body: (O.Input) -> R) -> R? {
        guard let part = part(batch) else { return nil }
        let keys = Context.current.sampleKeys
        guard let rows = part.rows, let last = rows.last, last < keys.count else { return body(part.input) }
        return withSampleKeys(rows.map { keys[$0] }) { body(part.input) }
    }
}

extension PartialObjective: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { objective.obstacle }

    public func lossWithGradient(of batch: Whole, microbatch: Int) -> (Loss, Gradients) {
        guard let objective = objective as? any MicrobatchedObjective<O.Input> else {
            ShapeCheck.fail("PartialObjective", "\(name) cannot be computed in pieces")
        }
        return withPart(of: batch) { objective.lossWithGradient(of: $0, microbatch: microbatch) } ?? (
            Loss(Tensor(0)), Gradients()
        )
    }
}

extension Objective {
    /// This objective over a part of a larger batch.
    public func on<Whole: Sendable>(_ part: any KeyPath<Whole, Input> & Sendable) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { (input: $0[keyPath: part], rows: nil) }
    }

    /// This objective over a part that some samples of a larger batch have; 0 where none has.
    public func on<Whole: Sendable>(
        _ part: any KeyPath<Whole, Available<Input>?> & Sendable
    ) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { whole in whole[keyPath: part].map { (input: $0.input, rows: $0.rows) } }
    }
}
