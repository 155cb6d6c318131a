import ConcordLayers
import ConcordTensors
import Yams

/// What to train, on what, and how: a YAML file decoded strictly.
///
/// An unknown key is an error that names the key and the nearest known one. The keys are documented at the settings
/// types (`DataSettings`, `ModelSettings`, …), and the README shows one in full.
public struct Recipe: Sendable {
    /// How long to train.
    public enum Length: Sendable, Equatable {
        /// So many passes over the data.
        case epochs(Int)
        /// So many batches.
        case steps(Int)
    }

    /// Of initial weights, dropout, the order of samples and every other random choice.
    public let seed: UInt64
    /// How long to train.
    public let length: Length
    /// Samples a step.
    public let batch: Int
    /// Samples whose activations are in memory at a time (gradient caching); nil: a batch's.
    public let microbatch: Int?
    /// What microbatches do where an encoder normalizes by the statistics of the batch.
    public enum MicrobatchStatistics: String, Sendable, CaseIterable {
        /// Refuses batch normalization, so that the gradients are those of the whole batch.
        case exact
        /// Each microbatch is normalized by its own statistics, as a run with batches of that size would be.
        case perMicrobatch = "per_microbatch"
    }

    /// The element type of activations and matmuls of the forward and backward pass; a run's recipe has a concrete one.
    public private(set) var precision: PrecisionSetting
    /// Where the samples come from.
    public let data: DataSettings
    /// A file beside the data or in the run, or `english-wordpiece` or `english-bpe`; empty where nothing is read.
    public let tokenizer: String
    /// `tokenizer` with what the recipe says of case and accents.
    public let tokenizerSettings: TokenizerSettings
    /// The encoders, and the size of the space that they share.
    public let model: ModelSettings
    /// What is minimized.
    public let objective: ObjectiveSettings
    /// How images and audio become tensors.
    public let views: ViewSettings
    /// How weights are updated.
    public let optimizer: OptimizerSettings
    /// The learning rate over time.
    public let schedule: ScheduleSettings
    /// Patterns of parameter paths that are not trained: `image.encoder.*`.
    public let freeze: [String]
    /// How batches are loaded.
    public let loader: LoaderSettings
    /// How several processes train together.
    public let ranks: RanksSettings
    /// When checkpoints are written.
    public let checkpoint: CheckpointSettings
    /// Steps between evaluations on the held-out samples; 0 for one at the end.
    public let evaluateEvery: Int
    /// When training ends before its last step.
    public let earlyStopping: EarlyStoppingSettings
    /// How much of the averaged weights stays at an update, in `0..<1`; nil where weights are not averaged. Evaluation
    /// and embedding use the averaged ones.
    public let averaging: Double?
    /// The recipe with every default filled in, as YAML that decodes to the same recipe.
    public private(set) var yaml = ""
    /// `yaml` with each key's meaning, range and default above it.
    public private(set) var commentedYAML = ""
    /// Every key that this recipe's choices allow.
    public private(set) var keys: [RecipeKey] = []

    /// How many optimizer updates the run has; the largest Int for what is larger.
    func updates(perEpoch updatesPerEpoch: Int) -> Int {
        switch length {
        case .epochs(let count):
            count.multipliedReportingOverflow(by: updatesPerEpoch).overflow ? .max : count * updatesPerEpoch
        case .steps(let count): count
        }
    }

    /// - Parameters:
    ///   - text: YAML.
    ///   - source: its name in errors.
    ///   - overrides: `key.path=value`, each replacing or adding one key.
    public init(yaml text: String, source: String, overrides: [String] = []) throws {
        let fields = try Self.fields(text, source, overrides)
        try self.init(fields)
        yaml = fields.yaml()
        commentedYAML = fields.commentedYAML()
        keys = fields.keys
    }

    /// The same recipe with a concrete precision, as a run records it.
    ///
    /// Its text is changed, not decoded again: a recipe of its own text would take defaults for choices.
    func with(_ precision: Precision) -> Recipe {
        var recipe = self
        recipe.precision = precision == .float32 ? .float32 : .bfloat16
        func line(_ recipe: Recipe) -> String { "\nprecision: \(recipe.precision.rawValue)\n" }
        recipe.yaml = yaml.replacing(line(self), with: line(recipe))
        recipe.commentedYAML = commentedYAML.replacing(line(self), with: line(recipe))
        return recipe
    }

    /// A recipe of the keys that this one's choices allow, of a text that may have others.
    static func fitted(_ root: Node, source: String) throws -> String {
        let fields = try Fields(root, source: RecipeSource(source))
        _ = try Recipe(fields, refusesOthers: false)
        return fields.yaml()
    }

    /// Every key that the choices of a recipe allow; `Recipe.keys` without the rest of the recipe.
    static func keys(yaml text: String, source: String, overrides: [String]) throws -> [RecipeKey] {
        let fields = try fields(text, source, overrides)
        _ = try Recipe(fields)
        return fields.keys
    }

    private static func fields(_ text: String, _ source: String, _ overrides: [String]) throws -> Fields {
        var root: Node
        do {
            root = try Yams.compose(yaml: text, .default, .default, .utf8) ?? Node([(Node, Node)]())
        } catch let error as YamlError {
            throw RecipeError.invalid(source: source, line: error.line, key: "", message: error.reason)
        }
        let origin = RecipeSource(source)
        for override in overrides {
            // One of the two ways to say how long takes the other's place.
            if override.hasPrefix("steps=") { root = removing("epochs", from: root) }
            if override.hasPrefix("epochs=") { root = removing("steps", from: root) }
            // `tokenizer: vocab.txt` is short for `tokenizer: {file: vocab.txt}`.
            if override.hasPrefix("tokenizer."), let file = root.mapping?["tokenizer"], file.scalar != nil {
                root = set(file, at: ["tokenizer", "file"], in: removing("tokenizer", from: root))
            }
            // So do the two ways to say what is held out.
            if override.hasPrefix("data.held_out="), override != "data.held_out=" {
                root = removing("data.split", from: root)
            }
            if override.hasPrefix("data.split") { root = removing("data.held_out", from: root) }
            try apply(override, to: &root, origin)
        }
        return try Fields(root, source: origin)
    }

    private init(_ fields: Fields, refusesOthers: Bool = true) throws {
        seed = UInt64(try fields.integer("seed", default: 0, "Seed of every random choice."))
        if fields.has("epochs") && fields.has("steps") { throw fields.fault("steps", "give epochs or steps, not both") }
        if let steps = try fields.integer(
            "steps", in: 1...1_000_000_000_000, "Batches to train on, in place of epochs.")
        {
            length = .steps(steps)
        } else {
            length = .epochs(try fields.integer("epochs", default: 30, in: 1...1_000_000_000, "Passes over the data."))
        }
        batch = try fields.integer("batch", default: 256, in: 1...1 << 20, "Samples per step.")
        microbatch = try fields.integer(
            "microbatch", in: 1...1 << 20,
            "Samples whose activations are in memory at a time; the whole batch without it.")
        let statistics =
            microbatch == nil
            ? MicrobatchStatistics.perMicrobatch
            : try fields.choice(
                "microbatch_statistics", default: MicrobatchStatistics.exact,
                """
                exact: refuse microbatches under batch normalization; per_microbatch: normalize each by its own \
                statistics.
                """
            )
        precision = try fields.choice(
            "precision", default: PrecisionSetting.auto,
            """
            Number format of activations and matrix products; auto: bfloat16 where the processor has it, else float32.
            """)
        let data = try DataSettings(fields.fields("data", "Where the samples come from."))
        objective = try ObjectiveSettings(fields.fields("objective", "What is minimized."), data: data, root: fields)
        let needs = objective.needs
        self.data = data.reading(needs.inputs)
        tokenizerSettings = needs.modalities.contains(.text) ? try TokenizerSettings(fields) : .none
        tokenizer = tokenizerSettings.file
        model = try ModelSettings(
            fields.fields("model", "An encoder for each kind of input, or for an input by its name."), needs: needs)
        if let microbatch, microbatch < batch, statistics == .exact, let key = model.batchNormalized {
            let exact = key.hasSuffix(".norm") ? "\(key): group is exact, " : ""
            throw fields.fault(
                "microbatch",
                "\(key): batch would normalize each microbatch by its own statistics, with other gradients than the "
                    + "whole batch's; \(exact)microbatch_statistics: per_microbatch accepts the difference, or leave "
                    + "microbatch out")
        }
        views = try ViewSettings(fields.fields("views", "How images and sounds become tensors."), needs: needs)
        optimizer = try OptimizerSettings(fields.fields("optimizer", "How weights are updated."))
        schedule = try ScheduleSettings(fields.fields("schedule", "The learning rate over time."))
        freeze = try fields.strings("freeze", "Patterns of parameter paths that are not trained: image.encoder.*")
        loader = try LoaderSettings(fields.fields("loader", "How batches are loaded."))
        ranks = try RanksSettings(fields.fields("ranks", "How processes started by mpirun train together."))
        checkpoint = try CheckpointSettings(fields.fields("checkpoint", "When checkpoints are written."))
        let evaluate = try fields.fields("evaluate", "When the held-out samples are evaluated.")
        evaluateEvery = try evaluate.integer("every", default: 0, "Steps between evaluations; 0 for one at the end.")
        earlyStopping = try EarlyStoppingSettings(
            fields.fields("early_stopping", "When training ends before its last step."), checkpoint: checkpoint,
            evaluateEvery: evaluateEvery)
        averaging = try fields.number(
            "averaging", in: 0...0.999999,
            "Momentum of a moving average of the weights, used to evaluate and embed, such as 0.999; none without it.")
        if refusesOthers { try fields.finish() }
    }

    /// Sets the value at a dotted path, making the mappings on the way.
    static func apply(_ override: String, to root: inout Node, _ source: RecipeSource) throws {
        let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let keys = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let path = parts.first, let text = parts.last, keys.allSatisfy({ !$0.isEmpty }) else {
            throw RecipeError.override(
                override, key: "", message: "key=value wanted, as in optimizer.learning_rate=3e-4")
        }
        // What is no YAML, such as `{digit}_{speaker}.wav`, is a plain text.
        let value = (try? Yams.compose(yaml: text, .default, .default, .utf8)) ?? Node(text)
        source.override(path, with: text)
        root = set(value, at: keys[...], in: root)
    }

    static func removing(_ key: String, from node: Node) -> Node {
        guard let mapping = node.mapping else { return node }
        let keys = key.split(separator: ".", maxSplits: 1).map(String.init)
        guard let first = keys.first, let rest = keys.dropFirst().first else {
            return Node(mapping.filter { $0.key.string != key }.map { ($0.key, $0.value) })
        }
        return Node(mapping.map { ($0.key, $0.key.string == first ? removing(rest, from: $0.value) : $0.value) })
    }

    static func set(_ value: Node, at keys: ArraySlice<String>, in node: Node?) -> Node {
        guard let key = keys.first else { return value }
        var pairs = (node?.mapping).map { $0.map { ($0.key, $0.value) } } ?? []
        if let place = pairs.firstIndex(where: { $0.0.string == key }) {
            pairs[place].1 = set(value, at: keys.dropFirst(), in: pairs[place].1)
        } else {
            pairs.append((Node(key), set(value, at: keys.dropFirst(), in: nil)))
        }
        return Node(pairs)
    }
}

extension YamlError {
    fileprivate var line: Int? {
        switch self {
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        default: nil
        }
    }

    fileprivate var reason: String {
        switch self {
        case .duplicatedKeysInMapping(let keys, _): "\(keys.sorted().joined(separator: ", ")): given twice"
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _):
            "not YAML: \(problem)"
        default: "not YAML"
        }
    }
}
