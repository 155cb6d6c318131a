public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Adam with weight decay apart from the gradient.
///
///     m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g²
///     p = p (1 - rate decay) - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// Weight decay leaves vectors and scalars alone (biases, normalization, the logit scale) unless a group says
/// otherwise. All parameters are updated in one pass over memory, cut among the threads without regard to their
/// borders. Rows of a table that were not looked up have a gradient of zero: their moments decay and they move on, as
/// in PyTorch's dense AdamW.
///
/// - Source: Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2; the arithmetic is `torch.optim.AdamW`'s.
public final class AdamW: ShardableOptimizer {
    public let learningRate: Double
    private let betas: (Double, Double)
    private let epsilon: Double
    private let slots: OptimizerSlots

    /// - Parameters:
    ///   - betas: decay of the first and of the second moment, in [0, 1).
    ///   - weightDecay: per step, times the learning rate; for parameters of two axes or more.
    ///   - layerDecay: factor of the learning rate from one layer to the one before it; see ``LayeredModule``.
    ///   - groups: exceptions by path; where several match, the last that says something counts.
    public init(
        learningRate: Double, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0.01, layerDecay: Double = 1, groups: [ParameterGroup] = []
    ) {
        ShapeCheck.require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1), "AdamW", "betas \(betas) must lie in [0, 1)")
        self.learningRate = learningRate
        self.betas = betas
        self.epsilon = epsilon
        slots = OptimizerSlots(
            moments: ["exp_avg", "exp_avg_sq"], weightDecay: weightDecay, layerDecay: layerDecay, groups: groups)
    }

    public func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double
    ) throws {
        try slots.update(module, with: gradients) { slot, _ in
            .adamW(
                AdamWStep(
                    learningRate: learningRate * learningRateFactor * slot.learningRateScale, betas: betas,
                    corrections: (1 - pow(betas.0, Double(slot.step)), 1 - pow(betas.1, Double(slot.step))),
                    epsilon: epsilon,
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
