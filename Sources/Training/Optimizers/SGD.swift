public import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Stochastic gradient descent with momentum.
///
///     g = g + decay p          b = momentum b + g
///     p = p - rate b           Nesterov: p = p - rate (g + momentum b)
///
/// Weight decay leaves vectors and scalars alone unless a group says otherwise.
///
/// - Source: Sutskever et al. 2013, "On the importance of initialization and momentum"; the arithmetic is
///   `torch.optim.SGD`'s without dampening.
public final class SGD: ShardableOptimizer {
    public let learningRate: Double
    private let momentum: Double
    private let isNesterov: Bool
    private let slots: OptimizerSlots

    /// - Parameters:
    ///   - momentum: 0 keeps no buffer.
    ///   - weightDecay: added to the gradient; for parameters of two axes or more.
    ///   - layerDecay: factor of the learning rate from one layer to the one before it; see ``LayeredModule``.
    ///   - groups: exceptions by path; where several match, the last that says something counts.
    /// - Precondition: Nesterov's form needs a momentum.
    public init(
        learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0,
        layerDecay: Double = 1, groups: [ParameterGroup] = []
    ) {
        ShapeCheck.require(!nesterov || momentum > 0, "SGD", "Nesterov's form needs a momentum above 0")
        self.learningRate = learningRate
        self.momentum = momentum
        isNesterov = nesterov
        slots = OptimizerSlots(
            moments: momentum > 0 ? ["momentum_buffer"] : [], weightDecay: weightDecay, layerDecay: layerDecay,
            groups: groups)
    }

    public func apply(
        _ gradients: Gradients, to module: some Module, learningRateFactor: Double, gradientFactor: Double
    ) throws {
        try slots.update(module, with: gradients) { slot, _ in
            .sgd(
                SGDStep(
                    learningRate: learningRate * learningRateFactor * slot.learningRateScale, momentum: momentum,
                    isNesterov: isNesterov, weightDecay: slot.weightDecay, gradientFactor: gradientFactor))
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
