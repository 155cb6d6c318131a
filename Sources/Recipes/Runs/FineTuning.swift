public import ConcordCommunication
public import ConcordEvaluation
import ConcordFiles
import ConcordTraining
import Yams

/// The encoder of a run, trained on for the classes or the numbers of a column: a recipe that starts from the run.
///
/// ```swift
/// let run = try Run("runs/photos")
/// var tuning = FineTuning(of: run, label: "category")
/// tuning.subset = .perClass(10)
/// try tuning.session(data: "photos", directory: "runs/photos-category").run()
/// ```
/// The recipe keeps the run's data, tokenizer, views and the encoder of one input; its head, how it is optimized, for how
/// long and in which precision (`auto`) are those of fine-tuning, and `overrides` say otherwise. Views are milder than those that pretraining
/// compares: no color jitter, blur or solarization, and crops of half of the area or more. What comes out is a run like
/// any other: `classify`, `evaluate` and `embed` know it.
public struct FineTuning: Sendable {
    /// What is learned.
    public enum Goal: Sendable, Equatable {
        /// The classes of a column.
        case classes(String)
        /// The numbers of a column.
        case numbers(String)
    }

    /// What becomes of the encoder.
    public enum EncoderTraining: Sendable, Equatable {
        /// All of it is trained, at the head's learning rate.
        case whole
        /// None of it is.
        case frozen
        /// All of it is, each layer at a fraction of the rate of the one behind it: 0.65 to 0.9.
        case layerDecay(Double)
    }

    /// The run that is started from.
    public let run: Run
    /// What is learned.
    public let goal: Goal
    /// What becomes of the encoder.
    public var encoder = EncoderTraining.whole
    /// The name of the input that is judged; nil for the first of files, else the first.
    public var input: String?
    /// Trains on some of the labeled rows; nil: on all.
    public var subset: LabelAmount?
    /// Which of the possible draws of the subset.
    public var draw = 0
    /// Whether the encoder starts from its initial weights, to compare with.
    public var isFromScratch = false
    /// Ends training when the accuracy (of numbers, the mean error) on validation rows has not got better for so many
    /// evaluations, one an epoch, and keeps the best checkpoint; 0: never. A tenth of the labeled rows is kept for it,
    /// unless overrides say otherwise.
    public var patience = 0
    /// `key.path=value`, each replacing or adding one key of the recipe.
    public var overrides: [String] = []

    /// Of the classes of a column.
    public init(of run: Run, label: String) { (self.run, goal) = (run, .classes(label)) }

    /// Of the numbers of a column.
    public init(of run: Run, target: String) { (self.run, goal) = (run, .numbers(target)) }

    /// A session that trains it.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory to make.
    ///   - ranks: the processes that train it together.
    /// - Throws: `RecipeError` where the run cannot learn this from these data.
    public func session(
        data: String, directory: String, ranks: Communicator = .single
    ) throws -> TrainingSession {
        let recipe = try recipe(data: data)
        return try TrainingSession(
            recipe: recipe, data: data, directory: directory,
            initial: isFromScratch ? nil : InitialWeights(run.weights, only: [PathPattern("encoder.*")]),
            ranks: ranks)
    }

    /// The recipe.
    /// - Parameter data: the directory that its data paths start from: how long it trains depends on how many rows have
    ///   a label.
    /// - Throws: `RecipeError` where the run cannot learn this from these data.
    public func recipe(data: String) throws -> Recipe {
        let input = try judged()
        var root = try base(input)
        for (key, value) in try settings(input) {
            root = Recipe.set(value, at: key.split(separator: ".").map(String.init)[...], in: root)
        }
        // A choice of the overrides may allow other keys than the run's own.
        for override in overrides where !override.hasPrefix("data=") {
            try Recipe.apply(override, to: &root, RecipeSource(run.files[0]))
        }
        let given = try Recipe(
            yaml: try Recipe.fitted(root, source: run.files[0]), source: run.files[0],
            overrides: overrides.filter { !$0.hasPrefix("data=") })
        func isGiven(_ key: String) -> Bool { overrides.contains { $0.hasPrefix(key + "=") } }
        let rows = try TrainingData.labeledRows(given, data: data)
        var length: [String] = []
        // Batches of 32 from few rows; in any case some hundred updates.
        let batch = isGiven("batch") ? given.batch : max(1, min(64, rows / 4))
        if !isGiven("batch") { length.append("batch=\(batch)") }
        if !isGiven("epochs"), !isGiven("steps") {
            let steps = max(1, rows / batch)
            length.append("epochs=\(max(10, min(200, (400 + steps - 1) / steps)))")
        }
        if patience > 0, !isGiven("evaluate.every") { length.append("evaluate.every=\(max(1, rows / batch))") }
        return try Recipe(yaml: given.yaml, source: run.files[0], overrides: length)
    }

    private func judged() throws -> RecipeInput {
        guard let name = input else {
            guard let first = run.inputs.first(where: \.kind.isFile) ?? run.inputs.first else {
                throw RecipeError.data(message: "the run embeds nothing that could be judged")
            }
            return first
        }
        guard let known = run.inputs.first(where: { $0.name == name }) else {
            throw RecipeError.data(
                message: "the run has no input \(name)"
                    + NearestName.hint(for: name, among: run.inputs.map(\.name))
                    + "; it has \(run.inputs.map(\.name).joined(separator: ", "))")
        }
        return known
    }

    /// What is kept of the run's recipe.
    private func base(_ input: RecipeInput) throws -> Node {
        var root = try Yams.compose(yaml: run.recipe.yaml) ?? Node([(Node, Node)]())
        for key in [
            "objective", "optimizer", "schedule", "freeze", "epochs", "steps", "checkpoint", "evaluate",
            "early_stopping", "averaging", "precision", "microbatch", "microbatch_statistics", "tokenizer", "data.subset",
            "data.validation", "data.group", "views.local_crops", "views.jitter", "views.gray", "views.blur",
            "views.solarize",
        ] { root = Recipe.removing(key, from: root) }
        let key = run.recipe.model.encoder(of: input)?.key ?? input.name
        for other in root.mapping?["model"]?.mapping?.keys.compactMap(\.string) ?? [] where other != key {
            root = Recipe.removing("model.\(other)", from: root)
        }
        for override in overrides where override.hasPrefix("data=") {
            try Recipe.apply(override, to: &root, RecipeSource(run.files[0]))
        }
        if run.recipe.data.kind == .text, !overrides.contains(where: { $0.hasPrefix("data=") }) {
            throw RecipeError.data(
                message: "the run learned from running text (data.kind: text), whose files have no columns; override "
                    + "data with the labeled table: data={path: labeled.tsv, columns: {text: sentence}}")
        }
        return root
    }

    private func settings(_ input: RecipeInput) throws -> [(String, Node)] {
        var result: [(String, Node)] = [("objective.input", Node(input.name))]
        switch goal {
        case .classes(let label):
            result += [("objective.name", Node("classification")), ("objective.label", Node(label))]
            result.append(("data.labels", Node.sequence(Node.Sequence([Node(label)]))))
        case .numbers(let target):
            result += [("objective.name", Node("regression")), ("objective.target", Node(target))]
        }
        if input.kind == .text { result.append(("tokenizer", Node(run.files[1]))) }
        if let scale = run.recipe.views.image?.scale, scale < 0.5 { result.append(("views.scale", Node("0.5"))) }
        let rate: String
        switch encoder {
        case .whole: rate = "0.0005"
        case .frozen:
            rate = "0.005"
            result.append(("objective.frozen", Node("true")))
        case .layerDecay(let factor):
            rate = "0.0005"
            result.append(("optimizer.layer_decay", Node(NumberText.brief(factor))))
        }
        result += [("optimizer.learning_rate", Node(rate)), ("optimizer.weight_decay", Node("0.05"))]
        result += [("schedule.warmup", Node("0.1"))]
        if let subset {
            switch subset {
            case .fraction(let fraction): result.append(("data.subset.fraction", Node("\(fraction)")))
            case .perClass(let count): result.append(("data.subset.per_class", Node("\(count)")))
            }
            result.append(("data.subset.draw", Node("\(draw)")))
            if case .numbers = goal {
                throw RecipeError.data(message: "a subset is drawn class by class, and numbers have none; give all rows")
            }
        }
        if patience > 0 {
            let metric = switch goal {
            case .classes(let label): "validation.\(label).accuracy"
            case .numbers(let target): "validation.\(target).mae"
            }
            result += [
                ("data.validation", Node("0.1")), ("evaluate.every", Node("1")), ("checkpoint.best", Node(metric)),
                ("early_stopping.patience", Node("\(patience)")), ("early_stopping.metric", Node(metric)),
            ]
        }
        return result
    }
}

extension TrainingData {
    /// How many rows a supervised recipe trains on.
    static func labeledRows(_ recipe: Recipe, data: String) throws -> Int {
        try Recipe.requireDirectory(data)
        return try SampleTable(recipe.data, root: data).labeled(for: recipe).subset().validated(for: recipe).train.count
    }
}
