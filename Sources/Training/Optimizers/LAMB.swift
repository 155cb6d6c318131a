public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Adam whose steps are as long as the weights they change, for large batches.
///
///     m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g²
///     u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) + decay p
///     p = p - rate (|p| / |u|) u           1 for |p| / |u| where either norm is 0
///
/// Vectors and scalars are updated without the ratio, and have no weight decay unless a group says otherwise.
///
/// ```swift
/// let optimizer = LAMB(learningRate: 2e-3, weightDecay: 0.01)
/// ```
/// - Source: You et al. 2019, arXiv:1904.00962, algorithm 2. The authors' clipping of the gradient's norm to 1 is the
///   trainer's (`clip`).
public final class LAMB: ShardableOptimizer {
    public let learningRate: Double
    private let betas: (Double, Double)
    private let epsilon: Double
    private let slots: OptimizerSlots

    /// - Parameters:
    ///   - betas: decay of the first and of the second moment, in [0, 1).
    ///   - weightDecay: added to the update before its norm; for parameters of two axes or more.
    ///   - layerDecay: factor of the learning rate from one layer to the one before it; see ``LayeredModule``.
    ///   - groups: exceptions by path; where several match, the last that says something counts.
    public init(
        learningRate: Double, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-6,
        weightDecay: Double = 0.01, layerDecay: Double = 1, groups: [ParameterGroup] = []
    ) {
        ShapeCheck.require(
            (0..<1).contains(betas.0) && (0..<1).contains(betas.1), "LAMB", "betas \(betas) must lie in [0, 1)")
        (self.learningRate, self.betas, self.epsilon) = (learningRate, betas, epsilon)
        slots = OptimizerSlots(
            moments: ["exp_avg", "exp_avg_sq"], weightDecay: weightDecay, layerDecay: layerDecay, groups: groups)
    }

    public func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double
    ) throws {
        // The first pass moves the moments alone, for the ratio needs the whole update.
        try slots.update(module, with: gradients) { _, _ in
            .adamW(
                AdamWStep(
                    learningRate: 0, betas: betas, corrections: (1, 1), epsilon: epsilon, weightDecay: 0,
                    gradientFactor: gradientFactor))
        } after: { [betas, epsilon, learningRate] slot in
            let first = Float(1 / (1 - pow(betas.0, Double(slot.step))))
            let second = Float(1 / (1 - pow(betas.1, Double(slot.step))).squareRoot())
            var update = slot.moments[0] * first / (slot.moments[1].sqrt() * second + Float(epsilon))
            let weights = slot.parameter.stored
            if slot.weightDecay > 0 { update = update + weights * Float(slot.weightDecay) }
            let rate = learningRate * learningRateFactor * slot.learningRateScale
            guard slot.parameter.shape.count > 1 else { return (update, rate) }
            let (length, step) = (weights.norm, update.norm)
            return (update, length > 0 && step > 0 ? rate * length / step : rate)
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
