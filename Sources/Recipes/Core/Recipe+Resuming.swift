import ConcordFiles
import ConcordTraining

extension Recipe {
    /// Going on under another recipe would not repeat the run; only how long it trains and how it is loaded, logged and
    /// saved may differ.
    /// - Throws: `RecipeError.otherRecipe` with the first line that differs.
    func requireSame(as saved: Recipe) throws {
        let now = lasting, before = saved.lasting
        guard now != before else { return }
        throw RecipeError.otherRecipe(difference: Self.difference(before, now))
    }

    /// The first line that differs, in words.
    private static func difference(_ before: [String], _ now: [String]) -> String {
        switch (before.first { !now.contains($0) }, now.first { !before.contains($0) }) {
        case (let gone?, nil): return "the run was started with \"\(gone.trimmed)\", the recipe has it no longer"
        case (nil, let new?): return "the run was started without \"\(new.trimmed)\""
        default:
            let place = zip(before, now).first { $0 != $1 } ?? (before.last ?? "", now.last ?? "")
            return "the run was started with \"\(place.0.trimmed)\", the recipe now says \"\(place.1.trimmed)\""
        }
    }

    /// The resolved lines that decide the weights after a given step, but for the schedule's end.
    private var lasting: [String] {
        let free = ["epochs:", "steps:", "loader:", "ranks:", "checkpoint:", "evaluate:", "early_stopping:"]
        var isKept = true
        return yaml.split(separator: "\n").map(String.init).filter { line in
            if !line.hasPrefix(" ") { isKept = !free.contains(where: line.hasPrefix) }
            return isKept
        }
    }

    /// What a resume to another length does to the run, in words; nil where the length is the one that the run was
    /// started with.
    /// - Parameter step: the updates made so far.
    /// - Throws: `RecipeError.runIsLonger` where the run has made more updates than are asked for.
    func change(from saved: Recipe, at step: Int, updatesPerEpoch: Int) throws -> String? {
        let total = updates(perEpoch: updatesPerEpoch), before = saved.updates(perEpoch: updatesPerEpoch)
        guard total != before else { return nil }
        guard total >= step else {
            throw RecipeError.runIsLonger(key: length.key, length: "\(length)", updates: total, made: step)
        }
        func rate(_ recipe: Recipe) -> Double {
            optimizer.learningRate * recipe.makeSchedule(updatesPerEpoch: updatesPerEpoch).factor(at: step)
        }
        let ends = "the run ends at update \(total) in place of \(before)"
        guard rate(self) != rate(saved) else { return ends }
        return ends + ": the \(schedule.name.rawValue) schedule spans the new length, "
            + """
                and the learning rate of update \(step + 1) is \(NumberText.brief(rate(self))) in place of \
                \(NumberText.brief(rate(saved)))
                """
    }
}

extension Recipe.Length: CustomStringConvertible {
    /// The recipe's key.
    var key: String {
        switch self {
        case .epochs: "epochs"
        case .steps: "steps"
        }
    }

    /// `3 epochs`.
    public var description: String {
        switch self {
        case .epochs(let count): Counted.text(count, "epoch")
        case .steps(let count): Counted.text(count, "step")
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
