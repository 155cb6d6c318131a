/// How far a training run has come.
public struct TrainingProgress: Sendable, Equatable {
    /// Optimizer updates made so far, the latest among them.
    public let step: Int
    /// Updates that the run will have; nil where it has no end.
    public let total: Int?

    /// - Parameters:
    ///   - step: updates made so far.
    ///   - total: updates that the run will have; nil where it has no end.
    public init(step: Int, total: Int? = nil) { (self.step, self.total) = (step, total) }
}

/// A module with buffers that follow parameters: a target network, a queue of keys, an annealed temperature.
///
/// The parameter walk finds observers anywhere in an objective, so that sums and wrappers forward nothing.
/// All of their state lives in ``Buffer``s: it is in checkpoints, and a resumed run has it bit for bit.
///
/// ```swift
/// final class Annealed: UpdateObserver {
///     let temperature = Buffer(Tensor(1))
///     func parametersDidInitialize() {}
///     func parametersDidUpdate(_ progress: TrainingProgress) {
///         temperature.assign(Tensor(pow(0.99, Float(progress.step))))
///     }
/// }
/// ```
public protocol UpdateObserver: Module {
    /// Parameters have their initial or loaded values, and no update was made yet. It may be called several times, also
    /// for a module whose own buffers were loaded from a checkpoint: those must stay.
    func parametersDidInitialize()

    /// One optimizer update was made, whatever number of batches and microbatches it took. There is no tape.
    func parametersDidUpdate(_ progress: TrainingProgress)
}
