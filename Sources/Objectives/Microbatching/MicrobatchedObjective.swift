public import ConcordTensors

/// An objective whose gradient can be computed from microbatches: only a few samples have activations in memory.
///
/// ``Contrastive`` does it by gradient caching; ``MaskedLanguageModel`` and ``FramePrediction``, which are means over
/// tokens and frames, by accumulation; sums of such objectives, and such objectives over a part of a batch, do it too.
/// A custom objective that is a mean over samples conforms like this:
/// ```swift
/// extension Regression: MicrobatchedObjective {
///     func lossWithGradient(of batch: Points, microbatch: Int) -> (Loss, Gradients) {
///         Microbatches(of: batch.x.rowCount, atMost: microbatch).meanWithGradient { rows in
///             (self(Points(x: batch.x.rows(in: rows), y: batch.y.rows(in: rows))), weight: Double(rows.count))
///         }
///     }
/// }
/// ```
/// An objective that needs all embeddings at once uses ``GradientCache``.
public protocol MicrobatchedObjective<Input>: Objective {
    /// The reason that microbatching is unsupported for this objective as it was made; nil where it is supported.
    var microbatchingUnsupportedReason: String? { get }

    /// The loss of a whole batch and its gradient, computed from microbatches of at most `microbatch` samples in the
    /// surrounding mode and random state.
    /// - Precondition: `microbatchingUnsupportedReason` is nil.
    func lossWithGradient(of batch: Input, microbatch: Int) -> (Loss, Gradients)
}

extension MicrobatchedObjective {
    /// Supported.
    public var microbatchingUnsupportedReason: String? { nil }
}

/// Runs an objective in training mode and differentiates it with the activations of at most `microbatch` samples in
/// memory.
///
/// ```swift
/// let (loss, gradients) = try valueWithGradient(of: clip, batch, microbatch: 16, step: step)
/// ```
///
/// Exact: dropout and every other random choice for a sample is that of the whole batch (where activations have samples
/// as their first axis, as in all encoders here), so up to rounding the loss and the gradients equal those of
/// `valueWithGradient(step:seed:_:)`. Batch normalization is the exception: each microbatch is normalized by its own
/// statistics, as in a run with batches of `microbatch`, and the gradients are exactly those of that computation.
/// Running statistics are updated once a step, to the mean, weighted by samples, of the microbatches' updates.
///
/// Contrastive objectives cost one more forward pass of the encoders, about a third of a step.
/// - Parameters:
///   - microbatch: samples encoded at a time, at least 1. Microbatches are of nearly equal size; a batch that is no
///     larger is computed as a whole.
///   - step: with `seed` the key of all random choices.
/// - Throws: `ObjectiveError.microbatchingUnsupported` for an objective, or a part of a sum, that needs its whole batch
///   at once.
/// - Source: Gao, Zhang, Han, Callan 2021, arXiv:2101.06983, algorithm 1. They save and restore the generator's state
///   for equal masks; here masks are functions of a sample's index.
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
    /// This objective as one that supports microbatches.
    /// - Throws: `ObjectiveError.microbatchingUnsupported` where it does not.
    package func microbatched() throws(ObjectiveError) -> any MicrobatchedObjective<Input> {
        if let reason = unsupportedReason {
            throw .microbatchingUnsupported(objective: WeightedTerm<Input>.name(of: self), reason: reason)
        }
        guard let objective = self as? any MicrobatchedObjective<Input> else {
            ShapeCheck.fail("microbatched", "\(type(of: self)) is no MicrobatchedObjective")
        }
        return objective
    }

    /// The reason that this objective supports no microbatches; nil where it does.
    var unsupportedReason: String? {
        guard let objective = self as? any MicrobatchedObjective<Input> else { return "it is no MicrobatchedObjective" }
        return objective.microbatchingUnsupportedReason
    }
}

/// An error in how an objective is used.
public enum ObjectiveError: Error, Equatable, CustomStringConvertible {
    /// It needs its whole batch at once.
    case microbatchingUnsupported(objective: String, reason: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .microbatchingUnsupported(let objective, let reason):
            "objective \(objective) supports no microbatches: \(reason); train it without microbatch"
        }
    }
}
