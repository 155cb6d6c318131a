public import ConcordTensors

/// An objective whose gradient can be had a few samples at a time: only a piece of a batch has activations in memory.
///
/// ``Contrastive`` is one by gradient caching; ``MaskedLanguageModel`` and ``FramePrediction``, means over what samples
/// ask, by adding up; sums of such objectives, and such objectives over a part of a batch, are too. An objective of
/// one's own that is a mean over samples becomes one so:
/// ```swift
/// extension Regression: MicrobatchedObjective {
///     func lossWithGradient(of batch: Points, microbatch: Int) -> (Loss, Gradients) {
///         Microbatches(of: batch.x.rowCount, atMost: microbatch).meanWithGradient { rows in
///             (self(Points(x: batch.x.rows(in: rows), y: batch.y.rows(in: rows))), weight: Double(rows.count))
///         }
///     }
/// }
/// ```
/// and one that needs all embeddings at once by ``GradientCache``.
public protocol MicrobatchedObjective<Input>: Objective {
    /// Why it cannot be done with this objective as it was made; nil: it can.
    var microbatchingUnsupportedReason: String? { get }

    /// The loss of a whole batch and its gradient from pieces of at most `microbatch` samples, in the surrounding mode
    /// and randomness.
    /// - Precondition: `microbatchingUnsupportedReason` is nil.
    func lossWithGradient(of batch: Input, microbatch: Int) -> (Loss, Gradients)
}

extension MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { nil }
}

/// Runs an objective in training mode and differentiates it with the activations of at most `microbatch` samples in
/// memory.
///
/// ```swift
/// let (loss, gradients) = try valueWithGradient(of: clip, batch, microbatch: 16, step: step)
/// ```
///
/// Exact: dropout and every other draw of a sample are those of the whole batch (where activations have samples as
/// their first axis, as all encoders here), so up to rounding the loss and the gradients equal those of
/// `valueWithGradient(step:seed:_:)`. Batch normalisation is the exception: each piece is normalised by its own
/// statistics, as in a run with batches of `microbatch`, and the gradients are exactly those of that computation.
/// Running statistics move once a step: to the mean, weighted by samples, of where each piece would have moved them.
///
/// Contrastive objectives cost one more forward pass of the encoders, about a third of a step.
/// - Parameters:
///   - microbatch: samples encoded at a time, at least 1. Microbatches are of nearly equal size; a batch that is no larger is
///     taken whole.
///   - step: with `seed` the key of all random choices.
/// - Throws: `ObjectiveError.indivisible` for an objective, or a part of a sum, that needs its whole batch at once.
/// - Source: Gao, Zhang, Han, Callan 2021, arXiv:2101.06983, algorithm 1. They save and restore the generator's state
///   for equal masks; here masks are functions of a sample's place.
public func valueWithGradient<O: Objective>(
    of objective: O, _ batch: O.Input, microbatch: Int, step: Int = 0, seed: UInt64 = 0
) throws(ObjectiveError) -> (Loss, Gradients) {
    let objective = try objective.microbatched()
    ShapeCheck.require(microbatch > 0, "valueWithGradient", "microbatch \(microbatch); 1 or more wanted")
    return training(step: step, seed: seed) {
        detached { objective.lossWithGradient(of: batch, microbatch: microbatch) }
    }
}

extension Objective {
    /// This objective as one that can be computed in pieces.
    /// - Throws: `ObjectiveError.indivisible` where it cannot.
    package func microbatched() throws(ObjectiveError) -> any MicrobatchedObjective<Input> {
        guard obstacle == nil, let objective = self as? any MicrobatchedObjective<Input> else {
            throw .indivisible(objective: WeightedTerm<Input>.name(of: self), reason: obstacle ?? "")
        }
        return objective
    }

    /// Why this objective cannot be computed in pieces; nil: it can.
    var obstacle: String? {
        guard let objective = self as? any MicrobatchedObjective<Input> else {
            return "it does not say how (MicrobatchedObjective)"
        }
        return objective.microbatchingUnsupportedReason
    }
}

/// What can go wrong with an objective through settings.
public enum ObjectiveError: Error, Equatable, CustomStringConvertible {
    /// It cannot be computed a few samples at a time.
    case indivisible(objective: String, reason: String)

    public var description: String {
        switch self {
        case .indivisible(let objective, let reason):
            "microbatch: objective \(objective) cannot be computed in pieces: \(reason); train it without microbatch"
        }
    }
}
