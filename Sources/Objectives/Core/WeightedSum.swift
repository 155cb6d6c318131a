import ConcordLayers
public import ConcordTensors

/// Several objectives over one batch, added up with weights: `clip.on(\.pair) + 0.05 * mlm.on(\.text)`.
///
/// Each term's loss is a part under the term's name, before its weight; its own parts and metrics follow under
/// `term.name`. Encoders that terms share are trained by all of them, and stored once.
public final class WeightedSum<Input: Sendable>: Objective {
    private let terms: [WeightedTerm<Input>]

    public var checkpointNames: [String: String] { ["terms": ""] }

    init(_ terms: [WeightedTerm<Input>]) {
        var used: [String: Int] = [:]
        self.terms = terms.map { term in
            let number = used[term.name, default: 0]
            used[term.name] = number + 1
            return number == 0
                ? term : WeightedTerm(term.objective, weight: term.weight, name: "\(term.name)_\(number + 1)")
        }
    }

    /// The weighted sum of the losses, in the surrounding mode.
    public func callAsFunction(_ batch: Input) -> Loss { sum(terms.map { $0.objective(batch) }) }

    /// - Parameter losses: one a term.
    private func sum(_ losses: [Loss]) -> Loss {
        var total: Tensor?
        var parts: [(name: String, value: Tensor)] = [], metrics: [(name: String, value: Tensor)] = []
        for (term, loss) in zip(terms, losses) {
            let weighted = loss.total * term.weight
            total = total.map { $0 + weighted } ?? weighted
            parts.append((term.name, loss.total.detached))
            parts += loss.parts.map { ("\(term.name).\($0.name)", $0.value) }
            metrics += loss.metrics.map { ("\(term.name).\($0.name)", $0.value) }
        }
        return Loss(total ?? Tensor(0), parts: parts, metrics: metrics)
    }

    static func terms(of objective: some Objective<Input>) -> [WeightedTerm<Input>] {
        (objective as? WeightedSum<Input>)?.terms ?? [
            WeightedTerm(objective, weight: 1, name: WeightedTerm<Input>.name(of: objective))
        ]
    }

    func scaled(by factor: Float) -> WeightedSum {
        WeightedSum(terms.map { WeightedTerm($0.objective, weight: $0.weight * factor, name: $0.name) })
    }
}

extension WeightedSum: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        terms.lazy.compactMap { term in term.objective.unsupportedReason.map { "its part \(term.name): \($0)" } }.first
    }

    public func lossWithGradient(of batch: Input, microbatch: Int) -> (Loss, Gradients) {
        var gradients = Gradients()
        let losses = terms.map { term in
            guard let objective = term.objective as? any MicrobatchedObjective<Input> else {
                ShapeCheck.fail("WeightedSum", "part \(term.name) is no MicrobatchedObjective")
            }
            let (loss, own) = objective.lossWithGradient(of: batch, microbatch: microbatch)
            gradients.add(term.weight == 1 ? own : own.scaled(by: term.weight))
            return loss
        }
        return (sum(losses), gradients)
    }
}

/// One of the objectives with its weight.
final class WeightedTerm<Input: Sendable>: NamedModule {
    let name: String
    let weight: Float
    let objective: any Objective<Input>

    var checkpointNames: [String: String] { ["objective": ""] }

    init(_ objective: any Objective<Input>, weight: Float, name: String) {
        (self.objective, self.weight, self.name) = (objective, weight, name)
    }

    /// The objective's own name, or its type's in snake_case.
    static func name(of objective: any Objective) -> String {
        if let named = objective as? any NamedModule { return named.name }
        let type = String(describing: Swift.type(of: objective)).prefix { $0 != "<" }
        return ParameterWalk.snakeCase(String(type))
    }
}

extension Objective {
    /// The sum of two objectives over one batch.
    public static func + <Other: Objective<Input>>(a: Self, b: Other) -> WeightedSum<Input> {
        WeightedSum(WeightedSum.terms(of: a) + WeightedSum.terms(of: b))
    }

    /// An objective with a weight in a sum.
    public static func * (weight: Float, objective: Self) -> WeightedSum<Input> {
        WeightedSum(WeightedSum.terms(of: objective)).scaled(by: weight)
    }
}
