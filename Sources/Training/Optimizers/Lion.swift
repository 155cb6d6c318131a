public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Steps of one size for every element, in the direction of the gradient's moving average.
///
///     p = p (1 - rate decay) - rate sign(beta1 m + (1 - beta1) g)
///     m = beta2 m + (1 - beta2) g
///
/// There is one moment instead of AdamW's two. The learning rate is 3 to 10 times smaller than AdamW's, and the weight
/// decay as much larger. Weight decay leaves vectors and scalars alone unless a group says otherwise.
///
/// ```swift
/// let optimizer = Lion(learningRate: 1e-4, weightDecay: 1)
/// ```
/// - Source: Chen et al. 2023, arXiv:2302.06675, algorithm 2; the arithmetic is that of the authors' `lion_pytorch.py`.
public final class Lion: ShardableOptimizer {
    public let learningRate: Double
    private let betas: (Double, Double)
    private let slots: OptimizerSlots

    /// - Parameters:
    ///   - betas: how much of the moment is in a step's direction, and how much of it stays, in [0, 1).
    ///   - weightDecay: per step, times the learning rate; for parameters of two axes or more.
    ///   - layerDecay: factor of the learning rate from one layer to the one before it; see ``LayeredModule``.
    ///   - groups: exceptions by path; where several match, the last that says something counts.
    public init(
        learningRate: Double, betas: (Double, Double) = (0.9, 0.99), weightDecay: Double = 0, layerDecay: Double = 1,
        groups: [ParameterGroup] = []
    ) {
        ShapeCheck.require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1), "Lion", "betas \(betas) must lie in [0, 1)")
        (self.learningRate, self.betas) = (learningRate, betas)
        slots = OptimizerSlots(
            moments: ["exp_avg"], weightDecay: weightDecay, layerDecay: layerDecay, groups: groups)
    }

    public func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double
    ) throws {
        try slots.update(module, with: gradients) { slot, _ in
            .lion(
                LionStep(
                    learningRate: learningRate * learningRateFactor * slot.learningRateScale, betas: betas,
                    weightDecay: slot.weightDecay, gradientFactor: gradientFactor))
        }
    }

    public func shard(over ranks: Communicator) { slots.shard(over: ranks) }

    public var updates: Int { slots.updates }

    public func observers(of module: some Module) -> [any UpdateObserver] { slots.observers }

    public var state: [(name: String, tensor: Tensor)] { slots.state }

    public func restore(_ state: [(name: String, tensor: Tensor)], for module: some Module) throws {
        try slots.restore(state, for: module)
    }
}
