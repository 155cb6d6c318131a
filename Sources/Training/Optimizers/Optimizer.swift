public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Changes the parameters of a module by their gradients.
///
/// ```swift
/// let optimizer = AdamW(learningRate: 5e-4, weightDecay: 0.2)
/// let (loss, gradients) = valueWithGradient(step: step) { objective(batch) }
/// try optimizer.update(objective, with: gradients)
/// ```
///
/// An optimizer keeps state for one module: the module of its first update. It belongs to one thread at a time.
public protocol Optimizer: AnyObject {
    /// The rate before the schedule's factor and the groups' scales.
    var learningRate: Double { get }

    /// Updates made so far: the most that any parameter had; restored with the state.
    var updates: Int { get }

    /// One step of the parameters alone; `update(_:with:learningRateFactor:gradientFactor:progress:)` calls it.
    /// Parameters without a gradient, and frozen ones, stay as they are.
    /// - Parameters:
    ///   - learningRateFactor: the schedule's, 1 without one.
    ///   - gradientFactor: every gradient is multiplied by it in the same pass, so that clipping and averaging cost no
    ///     pass of their own.
    /// - Throws: `TrainingError.unregistered` if a parameter that the walk over the module does not find got a
    ///   gradient.
    func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double) throws

    /// The update observers of a module. It is a requirement so that an optimizer that has walked over its module need
    /// not do it again.
    func observers(of module: some Module) -> [any UpdateObserver]

    /// The optimizer's state by name: `PATH.exp_avg`.
    var state: [(name: String, tensor: Tensor)] { get }

    /// Replaces its state by a saved one.
    /// - Throws: `TrainingError.optimizerState` if a name or a shape does not fit the module.
    func restore(_ state: [(name: String, tensor: Tensor)], for module: some Module) throws
}

/// An optimizer whose state ranks can divide among themselves.
public protocol ShardableOptimizer: Optimizer {
    /// From its first update on, this rank keeps the state of its shard of the parameters alone, and updates these; the
    /// others' values come from their ranks. `state` is then whole on rank 0 alone, and called on all ranks together.
    func shard(over ranks: Communicator)
}

extension Optimizer {
    /// One step: changes the parameters, then notifies every ``UpdateObserver`` of the module.
    /// - Parameters:
    ///   - learningRateFactor: the schedule's, 1 without one.
    ///   - gradientFactor: every gradient is multiplied by it in the same pass.
    ///   - progress: of the run after this update; nil: ``updates``, of a run without an end.
    /// - Throws: `TrainingError.unregistered` if a parameter that the walk over the module does not find got a
    ///   gradient.
    public func update(
        _ module: some Module, with gradients: Gradients, learningRateFactor: Double = 1, gradientFactor: Double = 1,
        progress: TrainingProgress? = nil
    ) throws {
        try apply(gradients, to: module, learningRateFactor: learningRateFactor, gradientFactor: gradientFactor)
        let progress = progress ?? TrainingProgress(step: updates)
        detached {
            for observer in observers(of: module) { observer.parametersDidUpdate(progress) }
        }
    }

    public func observers(of module: some Module) -> [any UpdateObserver] {
        ParameterWalk(module).observers.map(\.observer)
    }
}
