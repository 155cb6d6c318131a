public import ConcordCommunication
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

    /// The reason that ranks cannot share a batch of this objective; nil where they can.
    var ranksUnsupportedReason: String? { get }

    /// This rank's part in the loss of a batch of which other ranks have all samples.
    func lossWithGradientWithoutSamples() -> (Loss, Gradients)

    /// The loss of a whole batch and its gradient, computed from microbatches of at most `microbatch` samples in the
    /// surrounding mode and random state.
    ///
    /// Inside of `withCommunicator` the batch is this rank's share: the loss is that of the whole, and the gradients of
    /// all ranks add up to the whole's.
    /// - Parameter microbatch: at least 1; `Int.max` for the batch or share at once.
    /// - Precondition: `microbatchingUnsupportedReason` is nil, or `microbatch` no smaller than the batch.
    func lossWithGradient(of batch: Input, microbatch: Int) -> (Loss, Gradients)
}

extension MicrobatchedObjective {
    /// Supported.
    public var microbatchingUnsupportedReason: String? { nil }

    /// As for microbatches.
    public var ranksUnsupportedReason: String? { microbatchingUnsupportedReason }

    /// Nothing, in a mean over microbatches.
    public func lossWithGradientWithoutSamples() -> (Loss, Gradients) {
        Microbatches(of: 0, atMost: 1).meanWithGradient { _ in (Loss(Tensor(0)), 0) }
    }
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

/// Runs an objective in training mode over this rank's shard of a batch.
///
/// - Parameters:
///   - microbatch: samples encoded at a time; nil: the share at once.
///   - ranks: the ranks that have a share each, all of which call this.
///   - synchronizingBatchNorm: normalizes by the statistics of all ranks' samples; without microbatches alone.
///   - contrast: how InfoNCE sees the embeddings of all ranks.
/// - Returns: the loss of the whole batch, on every rank; gradients that add up to its gradient over ranks.
/// - Throws: `ObjectiveError`, on all ranks alike.
public func valueWithGradient<O: Objective>(
    of objective: O, share: O.Input, microbatch: Int?, ranks: Communicator, synchronizingBatchNorm: Bool = false,
    contrast: ContrastForm = .gather, step: Int = 0, seed: UInt64 = 0
) throws(ObjectiveError) -> (Loss, Gradients) {
    ShapeCheck.require(
        microbatch == nil || !synchronizingBatchNorm, "valueWithGradient", "synchronized statistics of microbatches")
    let objective = try microbatch == nil ? objective.shared() : objective.microbatched()
    return training(step: step, seed: seed) {
        detached {
            withCommunicator(ranks, synchronizingBatchNorm: synchronizingBatchNorm, contrast: contrast) {
                objective.lossWithGradient(of: share, microbatch: microbatch ?? .max)
            }
        }
    }
}

extension Objective {
    /// This objective as one whose batches ranks can share.
    /// - Throws: `ObjectiveError.ranksUnsupported` where they cannot.
    package func shared() throws(ObjectiveError) -> any MicrobatchedObjective<Input> {
        if let reason = ranksReason {
            throw .ranksUnsupported(objective: WeightedTerm<Input>.name(of: self), reason: reason)
        }
        guard let objective = self as? any MicrobatchedObjective<Input> else {
            ShapeCheck.fail("shared", "\(type(of: self)) is no MicrobatchedObjective")
        }
        return objective
    }

    /// The reason that ranks cannot share a batch; nil where they can.
    var ranksReason: String? {
        guard let objective = self as? any MicrobatchedObjective<Input> else { return "it is no MicrobatchedObjective" }
        return objective.ranksUnsupportedReason
    }

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
    /// A batch cannot be shared among ranks.
    case ranksUnsupported(objective: String, reason: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .microbatchingUnsupported(let objective, let reason):
            "objective \(objective) supports no microbatches: \(reason); train it without microbatch"
        case .ranksUnsupported(let objective, let reason):
            "objective \(objective) cannot be trained by several ranks: \(reason); start it without mpirun"
        }
    }
}
