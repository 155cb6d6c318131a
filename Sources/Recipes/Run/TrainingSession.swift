import ConcordDatasets
import ConcordEvaluation
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
    private let initial: InitialWeights?

    /// - Parameters:
    ///   - recipe: a built-in recipe's name or a YAML file.
    ///   - overrides: `key.path=value`.
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory; refused where it holds a run, unless `isResumed`.
    ///   - initial: weights to start from, where names and shapes fit.
    /// - Throws: `RecipeError`.
    public init(
        recipe: String, overrides: [String] = [], data: String, directory: String, isResumed: Bool = false,
        initial: InitialWeights? = nil
    ) throws {
        self.recipe = try Recipe(named: recipe, overrides: overrides)
        self.data = data
        place = RunDirectory(directory)
        self.isResumed = isResumed
        self.initial = initial
        guard place.isRun else {
            guard !isResumed else {
                throw RecipeError.notARun(path: directory, reason: "there is nothing to resume; start it without --resume")
            }
            return
        }
        guard isResumed else { throw RecipeError.runExists(path: directory) }
        guard let saved = try TextFile.read(place.recipe) else { return }
        try self.recipe.requireSame(as: Recipe(yaml: saved, source: place.recipe))
    }

    /// Trains to the end, or to a signal.
    @discardableResult
    public func run() throws -> TrainingEnd {
        let tokenizer =
            try place.isRun ? (recipe.tokenizer.isEmpty ? nil : place.loadTokenizer()) : recipe.loadTokenizer(data: data)
        if place.isRun, let tokenizer { try place.requireSame(tokenizer, as: recipe, data: data) }
        let samples = try TrainingData(recipe, data: data, tokenizer: tokenizer)
        for note in try samples.textNotes(recipe, root: data, tokenizer: tokenizer) { print(note) }
        let model = try RecipeModel(
            recipe, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations, memory: Recipe.physicalMemory)
        return try train(model.objective, Embedder(model: model, tokenizer: tokenizer, recipe: recipe), samples)
    }

    private func train(_ objective: some Objective<MultimodalBatch>, _ embedder: Embedder, _ samples: TrainingData) throws -> TrainingEnd {
        // What may be refused comes first: a directory that holds a recipe is a run.
        if recipe.microbatch != nil { _ = try objective.inPieces() }
        try objective.freeze(matching: recipe.freeze.map { PathPattern($0) })
        let batches = samples.batches(recipe, tokenizer: embedder.tokenizer)
        try batches.validate()
        let evaluation = { try embedder.report(on: samples, isQuick: true).figures }
        if let best = recipe.checkpoint.bestFigure {  // judged before the first step, on the untrained model
            let known = try evaluation().map(\.name)
            guard known.contains(best.name) else { throw TrainingError.noSuchFigure(name: best.name, known: known) }
        }
        let trained = try TrainedData(samples, recipe, root: data)
        if place.isRun {
            if let note = try place.requireSame(trained, samples.table) { print("note: \(note)") }
            try place.takeLock()
        }
        let tokenizer = embedder.tokenizer.map { CheckpointTokenizer(name: recipe.tokenizer, fingerprint: $0.fingerprint) }
        if let initial {  // of a resumed run, the checkpoint comes over it where there is one
            let own = tokenizer.map { (name: $0.name, fingerprint: $0.fingerprint) }
            for note in try initial.load(into: objective, of: embedder.model, tokenizer: own) { print(note) }
        }
        if !place.isRun {
            let classes = try recipe.data.labels.compactMap { label in
                try samples.table.map { (label: label, names: try $0.classes(label).names) }
            }
            try place.prepare(recipe: recipe, tokenizer: embedder.tokenizer, classes: classes, trainedData: trained)
        }
        let trainer = trainer(
            for: objective, stepsPerEpoch: batches.stepsPerEpoch, metadata: tokenizer?.metadata ?? [:], evaluation: evaluation)
        print(
            "\(samples.description); \(Counted.text(batches.stepsPerEpoch, "step")) an epoch; "
                + "\(objective.parameterCount) parameters; \(Threads.count) threads, products by \(Self.products(recipe.precision))")
        if let warning = recipe.scheduleWarning(updatesPerEpoch: updatesPerEpoch(batches.stepsPerEpoch)) { print("note: \(warning)") }
        for notice in samples.notices(recipe) { print(notice) }
        if isResumed {
            print("resumed at step \(try trainer.resume(from: place.checkpoints.path))")
        } else if recipe.objective.contrastive == nil {
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
            print("\(bad.count) bad samples were replaced; the first: \(bad.examples.first.map { "\($0.name): \($0.reason)" } ?? "")")
        }
        switch end {
        case .finished:
            print(try embedder.report(on: samples, isQuick: true).summary)
            print("the run is in \(place.path)")
        case .interrupted: print("stopped at step \(trainer.step); go on with --resume")
        }
        return end
    }

    private func updatesPerEpoch(_ steps: Int) -> Int { (steps + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate }

    private static func products(_ precision: Precision) -> String {
        precision.available == .bfloat16 ? "oneDNN in bfloat16" : Processor.productRoute.rawValue
    }

    private func trainer<O: Objective<MultimodalBatch>>(
        for objective: O, stepsPerEpoch: Int, metadata: [String: String],
        evaluation: @escaping () throws -> [(name: String, value: Double)]
    ) -> Trainer<O> {
        Trainer(
            objective, optimizer: recipe.makeOptimizer(), schedule: recipe.makeSchedule(updatesPerEpoch: updatesPerEpoch(stepsPerEpoch)),
            clip: recipe.optimizer.clip,
            accumulate: recipe.optimizer.accumulate, microbatch: recipe.microbatch, precision: recipe.precision, seed: recipe.seed,
            checkpoints: Checkpoints(
                in: place.checkpoints.path, every: recipe.checkpoint.every, keep: recipe.checkpoint.keep, best: recipe.checkpoint.bestFigure,
                metadata: metadata),
            metrics: place.metrics,
            evaluation: recipe.evaluateEvery > 0
                ? .every(recipe.evaluateEvery, evaluation) : recipe.checkpoint.best != nil ? .atEnd(evaluation) : nil,
            catchesSignals: true)
    }
}
