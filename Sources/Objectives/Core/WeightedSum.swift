import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

/// Several objectives over one batch, added up with weights: `clip.on(\.pair) + 0.05 * mlm.on(\.text)`.
///
/// A weight may change over the run, and parts may be balanced by the norms of their gradients:
/// ```swift
/// let later = clip.on(\Sample.pair) + ScheduledValue.linear(from: 0, to: 0.1, until: 0.2) * mlm.on(\.text)
/// let balanced = (clip.on(\Sample.pair) + 0.5 * mlm.on(\.text)).balancingGradients()
/// ```
/// Each term's loss is a part under the term's name, before its weight; its own parts and metrics follow under
/// `term.name`, and `term.weight` where the weight changes. Encoders that terms share are trained by all of them, and
/// stored once.
public final class WeightedSum<Input: Sendable>: Objective {
    private let terms: [WeightedTerm<Input>]
    private let balance: GradientBalance?

    public var checkpointNames: [String: String] { ["terms": "", "balance": "gradient_balance"] }

    init(_ terms: [WeightedTerm<Input>], balance: GradientBalance? = nil) {
        self.balance = balance
        var used: [String: Int] = [:]
        self.terms = terms.map { term in
            let number = used[term.name, default: 0]
            used[term.name] = number + 1
            return number == 0
                ? term : term.renamed("\(term.name)_\(number + 1)")
        }
    }

    /// The weighted sum of the losses, in the surrounding mode.
    public func callAsFunction(_ batch: Input) -> Loss {
        guard let balance, Computation.isTraining, Context.current.tape != nil else {
            return sum(terms.map { $0.objective(batch) }, weights)
        }
        // Each term on a tape of its own; the sum is recorded as a function whose gradients are known.
        let results = terms.map { term in Microbatches.wholeWithGradient { term.objective(batch) } }
        let (loss, gradients) = balanced(results, balance)
        return Loss(loss.total.recorded(withGradients: gradients), parts: loss.parts, metrics: loss.metrics)
    }

    /// What each term's loss is multiplied with now.
    private var weights: [Float] { zip(terms, factors).map { $0.currentWeight * $1 } }

    private var factors: [Float] { balance?.factors ?? terms.map { _ in 1 } }

    /// The sum of losses and gradients, after the gradients' norms have moved the balance.
    private func balanced(_ results: [(Loss, Gradients)], _ balance: GradientBalance) -> (Loss, Gradients) {
        let ranks = Communicator.current
        let parameters = ranks.isAlone ? [] : ParameterWalk(self).parameters.map { ($0.parameter, $0.parameter.shape) }
        balance.follow(results.map { $0.1.summed(over: ranks, parameters) })
        let weights = weights
        var gradients = Gradients()
        for ((_, own), weight) in zip(results, weights) { gradients.add(own.scaled(by: weight)) }
        let losses = results.map { Loss($0.0.total.detached, parts: $0.0.parts, metrics: $0.0.metrics) }
        return (sum(losses, weights), gradients)
    }

    /// The same sum with parts whose gradients have norms in the ratio of the weights.
    ///
    /// The weight of part k is `weight_k n_1 / n_k`: n is the moving average of the norm of the part's gradient for
    /// those parameters that the first part trains too. A part of weight 0.5 then changes the shared parameters half as
    /// much as the first part of weight 1, whatever the losses' scales are. In training each part has a backward pass
    /// of its own. The averages are in checkpoints.
    /// - Parameter momentum: how much of an average stays at a step, in [0, 1).
    /// - Source: the aim of Chen et al. 2018, arXiv:1711.02257 (GradNorm), in closed form: norms are made equal at each
    ///   step, without GradNorm's trained weights and its exponent for relative training rates.
    public func balancingGradients(momentum: Float = 0.9) -> WeightedSum {
        WeightedSum(terms, balance: GradientBalance(count: terms.count, momentum: momentum))
    }

    /// - Parameters:
    ///   - losses: one a term.
    ///   - weights: one a term.
    private func sum(_ losses: [Loss], _ weights: [Float]) -> Loss {
        var total: Tensor?
        var parts: [(name: String, value: Tensor)] = [], metrics: [(name: String, value: Tensor)] = []
        for ((term, loss), weight) in zip(zip(terms, losses), weights) {
            let weighted = loss.total * weight
            total = total.map { $0 + weighted } ?? weighted
            parts.append((term.name, loss.total.detached))
            parts += loss.parts.map { ("\(term.name).\($0.name)", $0.value) }
            metrics += loss.metrics.map { ("\(term.name).\($0.name)", $0.value) }
            if balance != nil || !term.schedules.isEmpty { metrics.append(("\(term.name).weight", Tensor(weight))) }
        }
        return Loss(total ?? Tensor(0), parts: parts, metrics: metrics)
    }

    static func terms(of objective: some Objective<Input>) -> [WeightedTerm<Input>] {
        if let sum = objective as? WeightedSum<Input>, sum.balance == nil { return sum.terms }
        return [WeightedTerm(objective, weight: 1, name: WeightedTerm<Input>.name(of: objective))]
    }

    func scaled(by factor: Float) -> WeightedSum {
        WeightedSum(
            terms.map { WeightedTerm($0.objective, weight: $0.weight * factor, name: $0.name, $0.schedules) })
    }

    func following(_ schedule: ScheduledScalar) -> WeightedSum {
        WeightedSum(
            terms.map { WeightedTerm($0.objective, weight: $0.weight, name: $0.name, $0.schedules + [schedule]) })
    }
}

extension WeightedSum: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        terms.lazy.compactMap { term in term.objective.unsupportedReason.map { "its part \(term.name): \($0)" } }.first
    }

    public var ranksUnsupportedReason: String? {
        terms.lazy.compactMap { term in term.objective.ranksReason.map { "its part \(term.name): \($0)" } }.first
    }

    public func lossWithGradient(of batch: Input, microbatch: Int) -> (Loss, Gradients) {
        let weights = weights
        let results = zip(terms, weights).map { term, weight in
            guard let objective = term.objective as? any MicrobatchedObjective<Input> else {
                ShapeCheck.fail("WeightedSum", "part \(term.name) is no MicrobatchedObjective")
            }
            let isFinal = balance == nil && weight == 1
            if isFinal { return objective.lossWithGradient(of: batch, microbatch: microbatch) }
            return Context.withoutGradientSink { objective.lossWithGradient(of: batch, microbatch: microbatch) }
        }
        if let balance { return balanced(results, balance) }
        var gradients = Gradients()
        for ((_, own), weight) in zip(results, weights) { gradients.add(weight == 1 ? own : own.scaled(by: weight)) }
        return (sum(results.map(\.0), weights), gradients)
    }
}

/// One of the objectives with its weight.
final class WeightedTerm<Input: Sendable>: NamedModule {
    let name: String
    let weight: Float
    let objective: any Objective<Input>
    /// Factors of the weight that change over the run.
    let schedules: [ScheduledScalar]

    var checkpointNames: [String: String] { ["objective": "", "schedules": "term_weight"] }

    init(_ objective: any Objective<Input>, weight: Float, name: String, _ schedules: [ScheduledScalar] = []) {
        (self.objective, self.weight, self.name, self.schedules) = (objective, weight, name, schedules)
    }

    func renamed(_ name: String) -> WeightedTerm { WeightedTerm(objective, weight: weight, name: name, schedules) }

    /// The weight of the batch at hand.
    var currentWeight: Float { schedules.reduce(weight) { $0 * $1.value } }

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

    /// An objective with a weight in a sum that changes over the run.
    public static func * (weight: ScheduledValue, objective: Self) -> WeightedSum<Input> {
        WeightedSum(WeightedSum.terms(of: objective)).following(ScheduledScalar(weight))
    }
}
