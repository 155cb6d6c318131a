import ConcordLayers
import ConcordTensors

/// Moving averages of the norms of several parts' gradients, and the factors that make them equal.
final class GradientBalance: Module {
    private let momentum: Float
    /// `[parts]`; zeros before the first step.
    private let norms: Buffer

    init(count: Int, momentum: Float) {
        ShapeCheck.require((0..<1).contains(momentum), "balancingGradients", "momentum \(momentum) is not in [0, 1)")
        self.momentum = momentum
        norms = Buffer(Tensor(zeros: [count]), underMicrobatches: .last)
    }

    /// What makes each part's gradient as long as the first one's; 1 where a norm is 0.
    var factors: [Float] {
        let norms = norms.value.scalars
        return norms.map { $0 > 0 && norms[0] > 0 ? norms[0] / $0 : 1 }
    }

    /// Takes in the norms of a step, each over the parameters that the first part trains too.
    func follow(_ gradients: [Gradients]) {
        let shared = Set(gradients[0].entries.map { ObjectIdentifier($0.parameter) })
        let known = norms.value.scalars
        let next = gradients.enumerated().map { part, own -> Float in
            let others = part == 0 ? gradients.dropFirst().reduce(into: Set<ObjectIdentifier>()) { all, gradients in
                all.formUnion(gradients.entries.map { ObjectIdentifier($0.parameter) })
            } : shared
            let chosen = own.filtered { others.contains(ObjectIdentifier($0)) }
            ShapeCheck.require(
                chosen.count > 0 || own.count == 0, "balancingGradients",
                "part \(part + 1) trains no parameter that the first part trains")
            let norm = Float(chosen.norm)
            return known[part] == 0 ? norm : known[part] * momentum + norm * (1 - momentum)
        }
        norms.assign(Tensor(next, shape: [next.count]))
    }
}

extension Tensor {
    /// This value as a function of parameters whose gradients are known already.
    func recorded(withGradients gradients: Gradients) -> Tensor {
        let parameters = gradients.entries.compactMap { $0.parameter as? Parameter }
        return detached.recorded(parameters.map(\.value)) { upstream, _ in
            let scaled = gradients.scaled(by: upstream.item)
            return parameters.map { scaled.cotangent(of: $0) }
        }
    }
}
