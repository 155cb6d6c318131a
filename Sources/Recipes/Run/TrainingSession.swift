import ConcordDatasets
import ConcordEvaluation
import ConcordInterchange
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
    private let initial: String?

    /// - Parameters:
    ///   - recipe: a built-in recipe's name or a YAML file.
    ///   - overrides: `key.path=value`.
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory; refused where it holds a run, unless `isResumed`.
    ///   - initial: a run directory or safetensors file whose weights to start from, where names and shapes fit.
    /// - Throws: `RecipeError`.
    public init(recipe: String, overrides: [String] = [], data: String, directory: String, isResumed: Bool = false, initial: String? = nil) throws {
        self.recipe = try Recipe(named: recipe, overrides: overrides)
        self.data = data
        place = RunDirectory(directory)
        self.isResumed = isResumed
        self.initial = initial
        guard place.isRun else { return }
        guard isResumed else { throw RecipeError.runExists(path: directory) }
        guard let saved = try TextFile.read(place.recipe) else { return }
        try self.recipe.requireSame(as: Recipe(yaml: saved, source: place.recipe))
    }

    /// Trains to the end, or to a signal.
    @discardableResult
    public func run() throws -> TrainingEnd {
        let table = try PairTable(recipe.data, root: data)
        let tokenizer = try place.isRun ? Tokenizers.load(place.tokenizer) : recipe.loadTokenizer(data: data)
        let model = recipe.makeModel(vocabulary: tokenizer.vocabulary)
        if !place.isRun {
            if let initial { try load(initial, into: model) }
            let classes = try recipe.data.labels.map { (label: $0, names: try ClassNames(of: table.train, column: $0).names) }
            try place.prepare(recipe: recipe, tokenizer: tokenizer, classes: classes)
        } else if let initial {
            try load(initial, into: model)  // the checkpoint, where there is one, comes over it
        }
        if !recipe.freeze.isEmpty {
            let frozen = try model.freeze(matching: recipe.freeze.map { PathPattern($0) })
            print("frozen: \(frozen.count) parameters of \(ParameterWalk(model).parameters.count)")
        }
        let batches = batches(of: table, tokenizer: tokenizer)
        try batches.validate()
        let embedder = Embedder(model: model, tokenizer: tokenizer, recipe: recipe)
        let trainer = trainer(for: model, stepsPerEpoch: batches.stepsPerEpoch, embedder: embedder, table: table)
        describe(model, table, stepsPerEpoch: batches.stepsPerEpoch)
        if isResumed { print("resumed at step \(try trainer.resume(from: place.checkpoints.path))") }
        let end =
            switch recipe.length {
            case .epochs(let count): try trainer.train(on: batches, epochs: count)
            case .steps(let count): try trainer.train(on: batches, steps: count)
            }
        let bad = batches.badSamples
        if bad.count > 0 { print("\(bad.count) bad samples were replaced; the first: \(bad.examples.first.map { "\($0.name): \($0.reason)" } ?? "")") }
        switch end {
        case .finished: print(try embedder.report(on: table, isQuick: true).table)
        case .interrupted: print("stopped at step \(trainer.step); go on with --resume")
        }
        return end
    }

    private func load(_ path: String, into model: Contrastive<ImageTextBatch>) throws {
        let file = try Safetensors(path: RunDirectory.weights(at: path))
        let wanted = ParameterWalk(model).parameters
        let fitting = Set(wanted.filter { file.shape(of: $0.path) == $0.parameter.shape }.map(\.path))
        guard !fitting.isEmpty else {
            throw RecipeError.unreadable(path: file.path, reason: "none of its tensors has the name and shape of a parameter of this model")
        }
        let buffers = Set(ParameterWalk(model).buffers.filter { file.shape(of: $0.path) == $0.buffer.shape }.map(\.path))
        try model.load(file, allowingMissing: [""]) { fitting.contains($0) || buffers.contains($0) ? $0 : nil }
        print("starting from \(fitting.count) of \(wanted.count) parameters in \(file.path)")
    }

    private func batches(of table: PairTable, tokenizer: any Tokenizer) -> Batches<ImageTextBatch> {
        let views = PictureViews(recipe.views), length = recipe.model.text.context
        let usesLabels = recipe.objective.positives == .equalTexts
        return table.train.samples(loading: { row in (try views.decoded(row.path(table.imageColumn)), table.text(of: row), table.textNumber(of: row)) })
            .cached(limit: recipe.data.cacheMebibytes << 20) { $0.0.pixels.byteCount }
            .augmented { sample, random in (views.augmented(sample.0, using: &random), sample.1, sample.2) }
            .batches(
                of: recipe.batch, seed: recipe.seed, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch, badLimit: recipe.data.badShare
            ) { samples, random in
                ImageTextBatch(
                    image: views.batch(samples.map(\.0), using: &random), text: tokenizer.encode(samples.map(\.1), length: length),
                    labels: usesLabels ? Tensor(samples.map(\.2), shape: [samples.count]) : nil)
            }
    }

    private func trainer(
        for model: Contrastive<ImageTextBatch>, stepsPerEpoch: Int, embedder: Embedder, table: PairTable
    ) -> Trainer<Contrastive<ImageTextBatch>> {
        let updatesPerEpoch = (stepsPerEpoch + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate
        let evaluation = { try embedder.report(on: table, isQuick: true).figures }
        return Trainer(
            model, optimizer: recipe.makeOptimizer(), schedule: recipe.makeSchedule(updatesPerEpoch: updatesPerEpoch), clip: recipe.optimizer.clip,
            accumulate: recipe.optimizer.accumulate, seed: recipe.seed,
            checkpoints: Checkpoints(
                in: place.checkpoints.path, every: recipe.checkpoint.every, keep: recipe.checkpoint.keep,
                best: recipe.checkpoint.best.map { .highest($0) }),
            metrics: place.metrics,
            evaluation: recipe.evaluateEvery > 0
                ? .every(recipe.evaluateEvery, evaluation) : recipe.checkpoint.best != nil ? .atEnd(evaluation) : nil,
            catchesSignals: true)
    }

    private func describe(_ model: Contrastive<ImageTextBatch>, _ table: PairTable, stepsPerEpoch: Int) {
        print(
            "\(table.train.count) samples to train on, \(table.heldOut.count) held out; \(stepsPerEpoch) steps an epoch; "
                + "\(model.parameterCount) parameters; \(Threads.count) threads, products by \(Processor.productRoute.rawValue)")
    }
}
