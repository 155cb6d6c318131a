import ConcordCommunication
import ConcordLayers
import ConcordTensors

/// The state of an optimizer for each parameter of its module.
final class OptimizerSlots {
    struct Slot {
        let path: String
        let parameter: Parameter
        let learningRateScale: Double
        let weightDecay: Double
        /// Updates so far, the one under way among them.
        var step = 0
        /// Empty until the first gradient.
        var moments: [Tensor] = []
    }

    private(set) var slots: [Slot] = []
    /// Of the module, once it is known.
    private(set) var observers: [any UpdateObserver] = []
    private let moments: [String]
    private let weightDecay: Double
    private let layerDecay: Double
    private let groups: [ParameterGroup]
    private var module: (any Module)?
    let shards = OptimizerShards()

    init(moments: [String], weightDecay: Double, layerDecay: Double, groups: [ParameterGroup]) {
        ShapeCheck.require(layerDecay > 0 && layerDecay <= 1, "Optimizer", "layer decay \(layerDecay) is not in (0, 1]")
        self.moments = moments
        self.weightDecay = weightDecay
        self.layerDecay = layerDecay
        self.groups = groups
    }

    /// Walks over the module at its first use.
    private func register(_ module: some Module) throws {
        if let known = self.module {
            ShapeCheck.require(
                known === module, "Optimizer",
                "one optimizer updates one module; this one belongs to a \(type(of: known))")
            return
        }
        let walk = ParameterWalk(module), found = walk.parameters
        for group in groups where !found.contains(where: { group.pattern.matches($0.path) }) {
            throw TrainingError.noMatch(group.pattern, purpose: "a parameter group", paths: found.map(\.path))
        }
        var scales: [ObjectIdentifier: Double] = [:]
        if layerDecay < 1 {
            guard !walk.layered.isEmpty else { throw TrainingError.noLayers(module: "\(type(of: module))") }
            for (parameter, scale) in walk.layered.flatMap({ $0.learningRateScales(decay: layerDecay) }) {
                scales[ObjectIdentifier(parameter)] = scale
            }
        }
        slots = found.map { path, parameter in
            let matching = groups.filter { $0.pattern.matches(path) }
            let depthScale = scales[ObjectIdentifier(parameter)] ?? 1
            return Slot(
                path: path, parameter: parameter,
                learningRateScale: depthScale * (matching.compactMap(\.learningRateScale).last ?? 1),
                weightDecay: matching.compactMap(\.weightDecay).last ?? (parameter.shape.count < 2 ? 0 : weightDecay))
        }
        observers = walk.observers.map(\.observer)
        shards.deal(slots.map(\.parameter.count))
        self.module = module
    }

    /// Updates all parameters that got a gradient, as one range of elements.
    /// - Parameters:
    ///   - step: the scalars of one parameter's step, from its slot and its gradient.
    ///   - after: what is subtracted from a parameter once all moments have moved, of its shape, and times which rate;
    ///     nil: nothing.
    func update(
        _ module: some Module, with gradients: Gradients, step: (Slot, Cotangent) -> OptimizerStep,
        after: ((Slot) -> (update: Tensor, rate: Double))? = nil
    ) throws {
        try register(module)
        let gradients = gradients.coalesced
        let touched = slots.indices.filter { gradients.cotangent(of: slots[$0].parameter) != nil }
        if touched.count < gradients.count { throw unregistered(gradients) }
        var fused = FusedUpdate()
        for i in touched where !slots[i].parameter.isFrozen {
            guard let gradient = gradients.cotangent(of: slots[i].parameter) else { continue }
            let parameter = slots[i].parameter
            guard shards.isOwn(i) else {
                slots[i].step += 1
                continue
            }
            if slots[i].moments.count < moments.count {
                slots[i].moments = moments.map { _ in Tensor(zeros: parameter.shape) }
            }
            slots[i].step += 1
            let scalars = step(slots[i], gradient)
            fused.append(
                count: parameter.count, gradient: gradient, moments: &slots[i].moments, step: scalars,
                access: parameter.update)
        }
        fused.run()
        defer { shards.exchange(slots.map(\.parameter), touched.filter { !slots[$0].parameter.isFrozen }) }
        guard let after else { return }
        var second = FusedUpdate()
        for i in touched where !slots[i].parameter.isFrozen && shards.isOwn(i) {
            let (update, rate) = after(slots[i]), parameter = slots[i].parameter
            var none: [Tensor] = []
            let step = SGDStep(
                learningRate: rate, momentum: 0, isNesterov: false, weightDecay: 0, gradientFactor: 1)
            second.append(
                count: parameter.count, gradient: .dense(update), moments: &none, step: .sgd(step),
                access: parameter.update)
        }
        second.run()
    }

    private func unregistered(_ gradients: Gradients) -> TrainingError {
        let known = Set(slots.map { ObjectIdentifier($0.parameter) })
        let unknown = gradients.entries.compactMap {
            known.contains(ObjectIdentifier($0.parameter)) ? nil : $0.parameter as? Parameter
        }
        return .unregistered(shapes: unknown.map(\.shape), module: module.map { "\(type(of: $0))" } ?? "module")
    }

    /// The largest number of updates that a parameter had.
    var updates: Int { slots.map(\.step).max() ?? 0 }

    func shard(over ranks: Communicator) { shards.ranks = ranks }

    var state: [(name: String, tensor: Tensor)] {
        slots.indices.filter { slots[$0].step > 0 }.flatMap { i in
            let slot = slots[i]
            let whole = moments.indices.map { place in
                shards.collected(place < slot.moments.count ? slot.moments[place] : nil, i, slot.parameter.shape)
            }
            return zip(moments, whole).map { ("\(slot.path).\($0)", $1) } + [
                ("\(slot.path).step", Tensor([Int32(slot.step)], shape: []))
            ]
        }
    }

    func restore(_ state: [(name: String, tensor: Tensor)], for module: some Module) throws {
        try register(module)
        var rest: [String: Tensor] = [:]
        for (name, tensor) in state { rest[name] = tensor }
        var restored = slots
        for i in restored.indices {
            let path = restored[i].path
            restored[i].step = 0
            restored[i].moments = []
            guard let step = rest.removeValue(forKey: "\(path).step") else { continue }
            guard step.elementType == .int32, step.count == 1 else {
                throw TrainingError.optimizerState("\(path).step is not one integer")
            }
            restored[i].step = Int(step.integerScalars[0])
            restored[i].moments = try moments.map { moment in
                let name = "\(path).\(moment)"
                guard let tensor = rest.removeValue(forKey: name) else {
                    throw TrainingError.optimizerState("\(name) is missing")
                }
                let wanted = restored[i].parameter.shape
                guard tensor.shape == wanted, tensor.elementType == .float32 else {
                    throw TrainingError.optimizerState("\(name) has shape \(tensor.shape), the parameter \(wanted)")
                }
                return tensor.detached
            }
        }
        if let name = rest.keys.min() {
            throw TrainingError.optimizerState("\(name) belongs to no parameter of this model")
        }
        for i in restored.indices where !shards.isOwn(i) { restored[i].moments = [] }
        slots = restored
    }
}
