import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// An objective over a part of a larger batch.
public final class PartialObjective<Whole: Sendable, O: Objective>: Objective, NamedModule {
    private let objective: O
    private let givenName: String?
    private let part: @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?

    /// The name of the objective, or the one that it was given.
    public var name: String { givenName ?? WeightedTerm<O.Input>.name(of: objective) }
    public var checkpointNames: [String: String] { ["objective": ""] }

    /// - Parameters:
    ///   - name: nil for the objective's own.
    ///   - part: the objective's input and the samples of the whole batch that have it (nil: all); nil where none has.
    init(
        _ objective: O, name: String? = nil, part: @escaping @Sendable (Whole) -> (input: O.Input, rows: [Int]?)?
    ) {
        (self.objective, givenName) = (objective, name)
        self.part = part
    }

    /// The objective's loss over its part of the batch; 0 where no sample has the part.
    public func callAsFunction(_ batch: Whole) -> Loss { withPart(of: batch) { objective($0) } ?? Loss(Tensor(0)) }

    /// The result of `body` for the part, with its samples' keys; nil where no sample has it.
    private func withPart<R>(of batch: Whole, _ body: (O.Input) -> R) -> R? {
        guard let part = part(batch) else { return nil }
        let keys = Context.current.sampleKeys
        guard let rows = part.rows, let last = rows.last, last < keys.count else { return body(part.input) }
        return withSampleKeys(rows.map { keys[$0] }) { body(part.input) }
    }
}

extension PartialObjective: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { objective.unsupportedReason }
    public var ranksUnsupportedReason: String? { objective.ranksReason }

    public func lossWithGradient(of batch: Whole, microbatch: Int) -> (Loss, Gradients) {
        guard let objective = objective as? any MicrobatchedObjective<O.Input> else {
            ShapeCheck.fail("PartialObjective", "\(name) is no MicrobatchedObjective")
        }
        // Of several ranks, those whose shares lack the part take part in what the others do together.
        let isThere = part(batch) != nil, ranks = Communicator.current
        guard ranks.sum([isThere ? 1 : 0])[0] > 0 else { return (Loss(Tensor(0)), Gradients()) }
        return withPart(of: batch) { objective.lossWithGradient(of: $0, microbatch: microbatch) }
            ?? objective.lossWithGradientWithoutSamples()
    }
}

extension Objective {
    /// This objective over a part of a larger batch.
    /// - Parameter part: the objective's input in that batch.
    public func on<Whole: Sendable>(_ part: any KeyPath<Whole, Input> & Sendable) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { (input: $0[keyPath: part], rows: nil) }
    }

    /// This objective over a part that some samples of a larger batch have; the loss is 0 where none has.
    /// - Parameter part: the objective's input in that batch, with the samples that have it.
    public func on<Whole: Sendable>(
        _ part: any KeyPath<Whole, Available<Input>?> & Sendable
    ) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { whole in whole[keyPath: part].map { (input: $0.input, rows: $0.rows) } }
    }

    /// This objective under another name, which its loss in a sum and its parameters in checkpoints have too.
    /// ```swift
    /// let sum = clip.named("pairs") + 0.5 * clip.named("again")             // parts pairs and again
    /// ```
    public func named(_ name: String) -> PartialObjective<Input, Self> {
        PartialObjective(self, name: name) { (input: $0, rows: nil) }
    }

    /// This objective over what a function makes of a larger batch, sample by sample in the same order.
    public func on<Whole: Sendable>(
        derived input: @escaping @Sendable (Whole) -> Input
    ) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { (input: input($0), rows: nil) }
    }

    /// This objective over a part that no key path finds, such as one that a batch has under a name; the loss is 0
    /// where no sample has it.
    /// - Parameter input: the objective's input in that batch, with the samples that have it; nil where none has.
    public func on<Whole: Sendable>(
        input: @escaping @Sendable (Whole) -> Available<Input>?
    ) -> PartialObjective<Whole, Self> {
        PartialObjective(self) { whole in input(whole).map { (input: $0.input, rows: $0.rows) } }
    }
}
