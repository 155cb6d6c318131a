import ConcordDatasets
import ConcordEvaluation
import ConcordFiles
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTokenizers
public import ConcordTraining

/// A recipe carried out: from data files to a run directory, or on from where a run was stopped.
///
/// ```swift
/// try TrainingSession(recipe: "emoji-clip", data: "data/emoji", directory: "runs/emoji").run()
/// ```
public struct TrainingSession {
    private let recipe: Recipe
    private let data: String
    private let place: RunDirectory
    private let isResumed: Bool
    /// All that `--set` gave the recipe, at the start and now.
    private let overrides: [String]
    /// What the run was started with; nil in a new one.
    private let saved: Recipe?
    private let initial: InitialWeights?

    /// - Parameters:
    ///   - recipe: a built-in recipe's name or a YAML file. Nil to go on with the recipe that a resumed run has.
    ///   - overrides: `key.path=value`. A resumed run has those that it was started with; these come after them. It may
    ///     go on to another `epochs` or `steps`.
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory; refused where it holds a run, unless `isResumed`.
    ///   - initial: weights to start from, where names and shapes fit.
    /// - Throws: `RecipeError`.
    public init(
        recipe: String?, overrides: [String] = [], data: String, directory: String, isResumed: Bool = false,
        initial: InitialWeights? = nil
    ) throws {
        self.data = data
        place = RunDirectory(directory)
        self.isResumed = isResumed
        self.initial = initial
        guard isResumed else {
            self.recipe = try Recipe(named: recipe ?? "", overrides: overrides)
            self.overrides = overrides
            saved = nil
            guard !place.isRun || place.hasNoStep else { throw RecipeError.runExists(path: directory) }
            return
        }
        guard let (saved, earlier) = try place.savedRecipe() else {
            throw RecipeError.notARun(path: directory, reason: "there is nothing to resume; start it without --resume")
        }
        self.saved = saved
        self.overrides = earlier.filter { !overrides.contains($0) } + overrides
        self.recipe = try Recipe(named: recipe ?? place.recipe, overrides: recipe == nil ? overrides : self.overrides)
        try self.recipe.requireSame(as: saved)
    }

    /// Trains to the end, or to a signal.
    @discardableResult
    public func run() throws -> TrainingEnd {
        try Recipe.requireDirectory(data)
        let tokenizer =
            try isResumed ? (recipe.tokenizer.isEmpty ? nil : place.loadTokenizer()) : recipe.loadTokenizer(data: data)
        if isResumed, let tokenizer { try place.requireSame(tokenizer, as: recipe, data: data) }
        let samples = try TrainingData(recipe, data: data, tokenizer: tokenizer)
        for note in try samples.textNotes(recipe, root: data, tokenizer: tokenizer) {
            print(PathEncoding.readable(note))
        }
        let model = try RecipeModel(
            recipe, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations,
            memory: Recipe.physicalMemory)
        return try train(model.objective, Embedder(model: model, tokenizer: tokenizer, recipe: recipe), samples)
    }

    private func train(
        _ objective: some Objective<MultimodalBatch>, _ embedder: Embedder, _ samples: TrainingData
    ) throws -> TrainingEnd {
        // What may be refused comes first: a directory that holds a recipe is a run.
        if recipe.microbatch != nil { _ = try objective.microbatched() }
        try objective.freeze(matching: recipe.freeze.map { PathPattern($0) })
        let batches = samples.batches(recipe, tokenizer: embedder.tokenizer)
        try samples.requireBatch(batches, recipe)
        let evaluation = { try embedder.report(on: samples, isQuick: true).metrics }
        let wanted = [recipe.checkpoint.bestMetric, recipe.earlyStopping.rule?.metric].compactMap { $0 }
        if !wanted.isEmpty {  // judged before the first step, on the untrained model
            let untrained = try evaluation()
            for metric in wanted { _ = try metric.value(in: untrained) }
        }
        let trained = try TrainedData(samples, recipe, root: data)
        var lock: RunLock?
        defer { withExtendedLifetime(lock) {} }  // held to the end
        if isResumed {
            if let note = try place.requireSame(trained, samples.table) { print("note: \(note)") }
            lock = try place.takeLock()
        }
        let tokenizer = embedder.tokenizer.map {
            CheckpointTokenizer(name: recipe.tokenizer, fingerprint: $0.fingerprint)
        }
        if let initial {  // of a resumed run, the checkpoint comes over it where there is one
            let own = tokenizer.map { (name: $0.name, fingerprint: $0.fingerprint) }
            for note in try initial.load(into: objective, of: embedder.model, tokenizer: own) {
                print(PathEncoding.readable(note))
            }
        }
        if !isResumed {
            let classes = try recipe.data.labels.compactMap { label in
                try samples.table.map { (label: label, names: try $0.classes(label).names) }
            }
            lock = try place.prepare(
                recipe: recipe, overrides: overrides, tokenizer: embedder.tokenizer, classes: classes,
                trainedData: trained)
        }
        let trainer = trainer(
            for: objective, stepsPerEpoch: batches.stepsPerEpoch, metadata: tokenizer?.metadata ?? [:],
            evaluation: evaluation)
        print(
            "\(samples.description); \(Counted.text(batches.stepsPerEpoch, "step")) an epoch; "
                + """
                \(objective.parameterCount) parameters; \(Threads.count) threads, products by \
                \(Self.products(recipe.precision))
                """
        )
        if let warning = recipe.scheduleWarning(updatesPerEpoch: updatesPerEpoch(batches.stepsPerEpoch)) {
            print("note: \(warning)")
        }
        for notice in samples.notices(recipe) { print(PathEncoding.readable(notice)) }
        if isResumed {
            let step = try trainer.resume(from: place.checkpoints.path)
            print("resumed at step \(step)")
            if let saved,
                let change = try recipe.change(
                    from: saved, at: step, updatesPerEpoch: updatesPerEpoch(batches.stepsPerEpoch))
            {
                print(change)
                try place.write(recipe, overrides: overrides)
            }
        } else if !embedder.model.hasSharedSpace {
            let untrained = try embedder.report(on: samples, isQuick: true)
            if !untrained.isEmpty { print("untrained:\n" + untrained.summary) }
        }
        let end =
            switch recipe.length {
            case .epochs(let count): try trainer.train(on: batches, epochs: count)
            case .steps(let count): try trainer.train(on: batches, steps: count)
            }
        let bad = batches.badSamples
        if bad.count > 0 {
            print(
                """
                \(Counted.text(bad.count, "unreadable sample")) replaced by others; the first: \
                \(PathEncoding.readable(bad.examples.first?.line ?? ""))
                """
            )
        }
        switch end {
        case .finished, .stoppedEarly:
            if case .stoppedEarly(let step) = end, let rule = recipe.earlyStopping.rule {
                print(
                    """
                    stopped at step \(step): \(rule.metric.name) has not improved for \
                    \(Counted.text(rule.patience, "evaluation"))
                    """
                )
            }
            print(PathEncoding.readable(try embedder.report(on: samples, isQuick: true).summary))
            print(PathEncoding.readable("the run is in \(place.path)"))
        case .interrupted: print("stopped at step \(trainer.step); go on with --resume")
        }
        return end
    }

    private func updatesPerEpoch(_ steps: Int) -> Int {
        (steps + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate
    }

    private static func products(_ precision: Precision) -> String {
        precision.available == .bfloat16 ? "oneDNN in bfloat16" : Processor.matmulLibrary.rawValue
    }

    private func trainer<O: Objective<MultimodalBatch>>(
        for objective: O, stepsPerEpoch: Int, metadata: [String: String],
        evaluation: @escaping () throws -> [(name: String, value: Double)]
    ) -> Trainer<O> {
        Trainer(
            objective, optimizer: recipe.makeOptimizer(),
            schedule: recipe.makeSchedule(updatesPerEpoch: updatesPerEpoch(stepsPerEpoch)),
            clip: recipe.optimizer.clip,
            accumulate: recipe.optimizer.accumulate, microbatch: recipe.microbatch, precision: recipe.precision,
            seed: recipe.seed,
            checkpoints: Checkpoints(
                in: place.checkpoints.path, every: recipe.checkpoint.every, keep: recipe.checkpoint.keep,
                best: recipe.checkpoint.bestMetric,
                metadata: metadata),
            metrics: place.metrics,
            evaluation: recipe.evaluateEvery > 0
                ? .every(recipe.evaluateEvery, evaluation) : recipe.checkpoint.best != nil ? .atEnd(evaluation) : nil,
            earlyStopping: recipe.earlyStopping.rule, averaging: recipe.averaging.map { .constant($0) },
            catchesSignals: true)
    }
}
