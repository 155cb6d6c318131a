public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Stochastic gradient descent with momentum whose steps are as long as the weights they change: layer-wise adaptive
/// rate scaling, for large batches.
///
///     g = g + decay p          r = trust |p| / |g|, 1 where either norm is 0
///     b = momentum b + r g     p = p - rate b
///
/// Vectors and scalars (biases, normalization) have r = 1, and no weight decay unless a group says otherwise.
///
/// ```swift
/// let optimizer = LARS(learningRate: 0.3, weightDecay: 1e-6)
/// ```
/// - Source: You, Gitman, Ginsburg 2017, arXiv:1708.03888, algorithm 1, in the form of the code of SimCLR's
///   reimplementations, BYOL, Barlow Twins, VICReg and MoCo v3: decay inside the norm, the rate outside the momentum.
public final class LARS: ShardableOptimizer {
    public let learningRate: Double
    private let momentum: Double
    private let trust: Double
    private let slots: OptimizerSlots

    /// - Parameters:
    ///   - momentum: in [0, 1); 0 keeps no buffer.
    ///   - weightDecay: added to the gradient; for parameters of two axes or more.
    ///   - trust: the length of a step at rate 1 relative to that of the weights, above 0.
    ///   - layerDecay: factor of the learning rate from one layer to the one before it; see ``LayeredModule``.
    ///   - groups: exceptions by path; where several match, the last that says something counts.
    public init(
        learningRate: Double, momentum: Double = 0.9, weightDecay: Double = 0, trust: Double = 0.001,
        layerDecay: Double = 1, groups: [ParameterGroup] = []
    ) {
        ShapeCheck.require(
            (0..<1).contains(momentum) && trust > 0, "LARS", "momentum \(momentum), trust \(trust)")
        (self.learningRate, self.momentum, self.trust) = (learningRate, momentum, trust)
        slots = OptimizerSlots(
            moments: momentum > 0 ? ["momentum_buffer"] : [], weightDecay: weightDecay, layerDecay: layerDecay,
            groups: groups)
    }

    public func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double
    ) throws {
        try slots.update(module, with: gradients) { slot, gradient in
            let ratio = ratio(slot, gradient, gradientFactor)
            return .sgd(
                SGDStep(
                    learningRate: learningRate * learningRateFactor * slot.learningRateScale, momentum: momentum,
                    isNesterov: false, weightDecay: ratio * slot.weightDecay,
                    gradientFactor: ratio * gradientFactor))
        }
    }

    /// r of one parameter.
    private func ratio(_ slot: OptimizerSlots.Slot, _ gradient: Cotangent, _ factor: Double) -> Double {
        guard slot.parameter.shape.count > 1 else { return 1 }
        let weights = slot.parameter.stored
        var direction = gradient.dense * Float(factor)
        if slot.weightDecay > 0 { direction = direction + weights * Float(slot.weightDecay) }
        let (length, step) = (weights.norm, direction.norm)
        return length > 0 && step > 0 ? trust * length / step : 1
    }

    public func shard(over ranks: Communicator) { slots.shard(over: ranks) }

    public var updates: Int { slots.updates }

    public func observers(of module: some Module) -> [any UpdateObserver] { slots.observers }

    public var state: [(name: String, tensor: Tensor)] { slots.state }

    public func restore(_ state: [(name: String, tensor: Tensor)], for module: some Module) throws {
        try slots.restore(state, for: module)
    }
}
