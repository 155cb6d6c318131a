public import ConcordLayers
import ConcordObjectives

/// A weighted sum of objectives over the same samples and the same encoders.
///
/// ```yaml
/// objective:                                                          # SLIP, with masked words
///   name: sum
///   parts:
///     pairs: {name: contrastive}
///     views: {name: simclr, weight: 1}
///     words: {name: masked, weight: 0.1}
/// ```
///
/// A part is any objective with its keys and a `weight`, or a `weight_schedule`; its own name is that of its loss in the
/// log. Encoders are those of `model`, one for all parts; heads and predictors are each part's own.
/// - Source: Mu et al. 2021, arXiv:2112.12750 (SLIP); Singh et al. 2021, arXiv:2112.04482 (FLAVA). SLIP compares two
///   views of an image beside the one that its caption is compared with; here that one is the first of the two.
public struct SumRecipe: ObjectiveRecipe {
    public static let name = "sum"

    /// An objective of the sum.
    public struct Part: Sendable {
        /// What its loss is called.
        public let name: String
        /// Its keys, decoded.
        public let recipe: any ObjectiveRecipe
        /// What its loss is multiplied with.
        public let weight: Double
        /// How the weight changes over the run; nil: it does not.
        public let weightSchedule: ScheduledValue?

        /// The recipe's path of one of its keys.
        func key(_ key: String) -> String { "objective.parts.\(name).\(key)" }

        /// The same of a key as the objective alone has it, `objective.temperature`.
        func path(ofKey path: String) -> String {
            path.hasPrefix("objective.") ? key(String(path.dropFirst("objective.".count))) : path
        }

        /// Errors name the keys of the part, which the objective calls by the path that they have where it is alone.
        func naming<T>(_ body: () throws -> T) throws -> T {
            func named(_ message: String) -> String {
                message.hasPrefix("objective.") ? path(ofKey: message) : "objective.parts.\(name): \(message)"
            }
            do { return try body() } catch let fault as ObjectiveFault {
                throw ObjectiveFault(named(fault.message))
            } catch RecipeError.data(let message) where message.hasPrefix("objective.") {
                throw RecipeError.data(message: named(message))
            }
        }
    }

    /// In the recipe's order.
    public let parts: [Part]
    /// Whether weights are of the parts' gradients.
    public let balancesGradients: Bool
    private let data: DataSettings
    /// The keys of a part that are not its objective's.
    static let ownKeys = [".weight"]

    public init(_ fields: Fields, data: DataSettings) throws {
        let kinds = Recipe.objectiveKinds.filter { $0 != SumRecipe.self }
        parts = try fields.namedFields(
            "parts", "The objectives by names of your choice, each with name, weight, weight_schedule and its own keys."
        ).map { name, part in
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else {
                throw fields.fault("parts", "a part's name has letters, digits and _, as in words; this is '\(name)'")
            }
            guard part.has("name") else {
                throw part.fault("name", "the objective of the part wanted, as in name: \(ContrastiveRecipe.name)")
            }
            let first = ContrastiveRecipe.self
            let kind = try part.choice(
                "name", default: first.name, of: kinds.map { $0.name }, "What the part minimizes.")
            let weight = try part.number("weight", default: 1, in: 0...1e4, "What the part's loss is multiplied with.")
            let known = kinds.first { $0.name == kind } ?? first
            return Part(
                name: name, recipe: try known.init(part, data: data), weight: weight,
                weightSchedule: try part.schedule(of: "weight", from: 0, to: weight, in: 0...1e4, allowsWarmUp: true))
        }
        balancesGradients = try fields.flag(
            "balance", default: false,
            "Whether weights are of gradients: their norms for shared parameters are in the ratio of the weights.")
        self.data = data
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        let needed = try needed
        guard var all = needed.first else {
            throw ObjectiveFault(
                "objective.parts: the objectives to add up wanted, as in parts: {pairs: {name: contrastive}, words: "
                    + "{name: masked, weight: 0.1}}")
        }
        for (part, own) in zip(parts, needed).dropFirst() {
            try require(
                part, all.unit == own.unit,
                own.unit == .windows
                    ? "windows of recordings or videos, others whole samples"
                    : "whole samples, others windows of recordings or videos")
            try require(
                part, all.label == nil || own.label == nil || all.label == own.label,
                "label \(own.label ?? ""), others \(all.label ?? "")")
            try require(
                part, all.target == nil || own.target == nil || all.target == own.target,
                "target \(own.target ?? ""), others \(all.target ?? "")")
            try require(
                part, all.positives == nil || own.positives == nil || all.positives == own.positives,
                "positives \(own.positives?.rawValue ?? ""), others \(all.positives?.rawValue ?? "")")
            try require(part, all.teacher == nil || own.teacher == nil, "a teacher, and another part has one")
            let isCausal = own.causalKinds.contains(.text)
            try require(
                part, isCausal ? !all.masksTokens : !(own.masksTokens && all.causalKinds.contains(.text)),
                isCausal
                    ? "causal encoders, others both sides of a masked token"
                    : "both sides of a masked token, others causal encoders")
            all.merge(own)
        }
        return all
    }

    /// What each part asks of the data.
    private var needed: [DataNeeds] {
        get throws {
            try parts.map { part in
                var needs = try part.naming { try part.recipe.needs(data) }
                needs.teacher?.key = part.key("teacher")
                return needs
            }
        }
    }

    private func require(_ part: Part, _ isMet: Bool, _ what: String) throws {
        guard !isMet else { return }
        throw ObjectiveFault(
            "objective.parts.\(part.name): it asks for \(what), and the parts of a sum learn from the same samples")
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let needed = try needed
        let tasks = try zip(self.parts, needed).map { part, needs in
            try part.naming { try part.recipe.task(parts.serving(needs)) }
        }
        var sum = Self.term(tasks[0].objective, self.parts[0], needed[0])
        for place in tasks.indices.dropFirst() {
            sum = sum + Self.term(tasks[place].objective, self.parts[place], needed[place])
        }
        // Inputs can be compared where one part has a space for all of them: then the embeddings are those in it.
        let all = Set(tasks.flatMap(\.embedders.keys))
        let shared = tasks.first { $0.probabilities != nil && all.isSubset(of: $0.embedders.keys) }
        var task = TrainingTask(
            balancesGradients ? sum.balancingGradients() : sum,
            embedders: tasks.reduce(into: shared?.embedders ?? [:]) { $0.merge($1.embedders) { own, _ in own } },
            probabilities: shared?.probabilities,
            masked: tasks.lazy.compactMap(\.masked).first, generator: tasks.lazy.compactMap(\.generator).first)
        task.evaluations += tasks.flatMap { part in
            let usual = TrainingTask.evaluations(
                of: part.embedders.keys, hasSharedSpace: part.probabilities != nil, predictsTokens: part.masked != nil)
            return part.evaluations.filter { own in !usual.contains { type(of: $0) == type(of: own) } }
        }
        task.head = tasks.lazy.compactMap(\.head).first
        let preparations = zip(self.parts, tasks).compactMap { part, task in
            task.preparation.map { prepare -> @Sendable (TrainingPreparation) throws -> Void in
                { data in try part.naming { try prepare(data) } }
            }
        }
        if !preparations.isEmpty { task.preparation = { data in try preparations.forEach { try $0(data) } } }
        return task
    }

    public func weights(features: Double, context: Double) -> (key: String, count: Double)? {
        let all = parts.compactMap { part in
            part.recipe.weights(features: features, context: context).map { own in
                (key: part.path(ofKey: own.key), count: own.count)
            }
        }
        guard let largest = all.max(by: { $0.count < $1.count }) else { return nil }
        return (largest.key, all.reduce(0) { $0 + $1.count })
    }

    /// A part sees what it asked for alone: no other part's positives, no local crops of another.
    private static func term(
        _ objective: some Objective<MultimodalBatch>, _ part: Part, _ needs: DataNeeds
    ) -> WeightedSum<MultimodalBatch> {
        let seen = objective.on(derived: { (batch: MultimodalBatch) in
            var own = batch
            if needs.positives == nil, needs.unit == .rows { own.labels = nil }
            if !needs.usesLocalCrops { for input in needs.inputs { own[localImages: input.name] = nil } }
            return own
        }).named(part.name)
        return part.weightSchedule.map { $0 * seen } ?? Float(part.weight) * seen
    }
}

extension DataNeeds {
    /// What two objectives ask of the same samples.
    fileprivate mutating func merge(_ other: DataNeeds) {
        inputs += other.inputs.filter { !inputs.contains($0) }
        (least, views) = (min(least, other.least), max(views, other.views))
        smallestBatch = max(smallestBatch, other.smallestBatch)
        usesLocalCrops = usesLocalCrops || other.usesLocalCrops
        hasSharedSpace = hasSharedSpace || other.hasSharedSpace
        predictsTokens = predictsTokens || other.predictsTokens
        masksTokens = masksTokens || other.masksTokens
        causalKinds.formUnion(other.causalKinds)
        (positives, teacher) = (positives ?? other.positives, teacher ?? other.teacher)
        (label, target) = (label ?? other.label, target ?? other.target)
        takesUnlabeled = true
    }
}
