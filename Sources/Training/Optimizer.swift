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

    /// One step. Parameters without a gradient, and frozen ones, stay as they are.
    /// - Parameters:
    ///   - learningRateFactor: the schedule's, 1 without one.
    ///   - gradientFactor: every gradient is multiplied by it on the way: clipping and averaging cost no pass of their own.
    /// - Throws: `TrainingError.unregistered` if a parameter that the walk over the module does not find got a gradient.
    func update(_ module: some Module, with gradients: Gradients, learningRateFactor: Double, gradientFactor: Double) throws

    /// What the next step depends on besides the parameters, by name: `PATH.exp_avg`.
    var state: [(name: String, tensor: Tensor)] { get }

    /// Takes a saved state in place of its own.
    /// - Throws: `TrainingError.optimizerState` if a name or a shape does not fit the module.
    func restore(_ state: [(name: String, tensor: Tensor)], for module: some Module) throws
}

extension Optimizer {
    /// One step at the full learning rate.
    public func update(_ module: some Module, with gradients: Gradients, learningRateFactor: Double = 1) throws {
        try update(module, with: gradients, learningRateFactor: learningRateFactor, gradientFactor: 1)
    }
}
