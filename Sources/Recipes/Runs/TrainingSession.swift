public import ConcordCommunication
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
    private var recipe: Recipe
    private let data: String
    private let place: RunDirectory
    private let isResumed: Bool
    /// All overrides of the recipe, those of the start and those of now.
    private let overrides: [String]
    /// What the run was started with; nil in a new one.
    private let saved: Recipe?
    private let initial: InitialWeights?
    private let ranks: Communicator

    /// - Parameters:
    ///   - recipe: a built-in recipe's name or a YAML file. Nil to go on with the recipe that a resumed run has.
    ///   - overrides: `key.path=value`. A resumed run has those that it was started with; these come after them. It may
    ///     go on to another `epochs` or `steps`.
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory; refused where it holds a run, unless `isResumed`.
    ///   - initial: weights to start from, where names and shapes fit.
    ///   - ranks: the processes that train together, each with a session made and run alike. All of them read the data;
    ///     rank 0 alone writes and reports. A run may be resumed by another number of ranks.
    /// - Throws: `RecipeError`.
    public init(
        recipe: String?, overrides: [String] = [], data: String, directory: String, isResumed: Bool = false,
        initial: InitialWeights? = nil, ranks: Communicator = .single
    ) throws {
        self.data = data
        self.ranks = ranks
        place = RunDirectory(directory)
        self.isResumed = isResumed
        self.initial = initial
        guard isResumed else {
            self.recipe = try Recipe(named: recipe ?? "", overrides: overrides)
            self.overrides = overrides
            saved = nil
            guard ranks.rank > 0 || !place.isRun || place.hasNoStep else {
                throw RecipeError.runExists(path: directory)
            }
            return
        }
        guard let (saved, earlier) = try place.savedRecipe() else {
            throw RecipeError.nothingToResume(path: directory)
        }
        self.saved = saved
        self.overrides = earlier.filter { !overrides.contains($0) } + overrides
        self.recipe = try Recipe(named: recipe ?? place.recipe, overrides: recipe == nil ? overrides : self.overrides)
            .resumed(in: saved.precision.resolved)
        try self.recipe.requireSame(as: saved)
    }

    /// A new run of a recipe that is not in a file.
    /// - Parameters:
    ///   - recipe: as resolved.
    ///   - data: the directory that the recipe's data paths start from.
    ///   - directory: the run directory; refused where it holds a run.
    ///   - initial: weights to start from, where names and shapes fit.
    ///   - ranks: the processes that train together.
    /// - Throws: `RecipeError.runExists`.
    public init(
        recipe: Recipe, data: String, directory: String, initial: InitialWeights? = nil, ranks: Communicator = .single
    ) throws {
        (self.recipe, self.data, self.initial, self.ranks) = (recipe, data, initial, ranks)
        place = RunDirectory(directory)
        (isResumed, overrides, saved) = (false, [], nil)
        guard ranks.rank > 0 || !place.isRun || place.hasNoStep else { throw RecipeError.runExists(path: directory) }
    }

    /// Trains to the end, or to a signal.
    /// - Parameters:
    ///   - progress: how the trainer shows its steps.
    ///   - catchesSignals: whether SIGINT, SIGTERM and SIGHUP end the run with a checkpoint, and SIGUSR1 writes one.
    ///     Signals are the process's: of several sessions at once, one may catch them.
    ///   - report: is called with what happens besides, as it happens.
    @discardableResult
    public func run(
        progress: ProgressMeter.Style = .automatic, catchesSignals: Bool = true,
        report show: (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingEnd {
        func report(_ event: TrainingEvent) { if ranks.rank == 0 { show(event) } }
        let (kernels, missing) = try kernels().supported()
        if !missing.isEmpty {
            report(
                .note(
                    "\(place.kernels): the run was started with what this machine has not: "
                        + "\(missing.joined(separator: ", ")); the standard kernels are used for these, and results "
                        + "agree within rounding"))
        }
        return try withKernels(kernels) {
            let precision = RunPrecision(of: recipe.precision, isResumed: isResumed, ranks: ranks)
            var session = self
            session.recipe = recipe.with(precision.recorded)
            return try session.run(in: precision, progress, catchesSignals, report)
        }
    }

    /// What the whole run computes with: what it was started with; a new one what this process, of several ranks the
    /// first one, computes with.
    private func kernels() throws -> KernelTable {
        if isResumed { return try place.loadKernels() }
        let own = KernelTable.current.resolved
        guard !ranks.isAlone else { return own }
        return try KernelTableFile.table(ranks.broadcast(KernelTableFile.json(own)), of: "rank 0's kernels")
    }

    private func run(
        in precision: RunPrecision, _ progress: ProgressMeter.Style, _ catchesSignals: Bool,
        _ report: (TrainingEvent) -> Void
    ) throws -> TrainingEnd {
        let cost = CostMeter()
        try Recipe.requireDirectory(data)
        let tokenizer =
            try isResumed ? (recipe.tokenizer.isEmpty ? nil : place.loadTokenizer()) : recipe.loadTokenizer(data: data)
        if isResumed, let tokenizer { try place.requireSame(tokenizer, as: recipe, data: data) }
        let samples = try TrainingData(recipe, data: data, tokenizer: tokenizer)
        for note in try samples.textNotes(recipe, root: data, tokenizer: tokenizer) { report(.fact(note)) }
        let ids = samples.table?.ids ?? [:]
        if isResumed { try place.requireSame(ids, recipe) }
        let model = try RecipeModel(
            recipe, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations, ids: ids,
            classes: try samples.table?.learnedClasses(recipe) ?? [:], memory: Recipe.physicalMemory)
        let embedder = Embedder(model: model, tokenizer: tokenizer, ids: ids, recipe: recipe, ranks: ranks)
        return try train(model.objective, embedder, samples, precision, cost, progress, catchesSignals, report)
    }

    private func train(
        _ objective: some Objective<MultimodalBatch>, _ embedder: Embedder, _ samples: TrainingData,
        _ precision: RunPrecision, _ cost: CostMeter, _ progress: ProgressMeter.Style, _ catchesSignals: Bool, _ report: (TrainingEvent) -> Void
    ) throws -> TrainingEnd {
        // What may be refused comes first: a directory that holds a recipe is a run.
        if recipe.microbatch != nil { _ = try objective.microbatched() }
        if !ranks.isAlone {
            _ = try objective.shared()
            if let key = recipe.model.batchNormalized {
                report(
                    .fact(
                        recipe.ranks.syncBatchNorm
                            ? "\(key): batch statistics are those of all \(ranks.count) ranks"
                            : "\(key): batch statistics are each rank's own, over \(recipe.batch / ranks.count) samples; "
                                + "ranks.sync_batch_norm: true takes those of all"))
            }
            if recipe.ranks.syncBatchNorm, recipe.microbatch != nil {
                throw RecipeError.data(
                    message: "ranks.sync_batch_norm with microbatch: statistics of microbatches are their own; leave one "
                        + "of them out")
            }
            guard recipe.batch >= ranks.count else {
                throw RecipeError.data(
                    message: "batch \(recipe.batch) for \(ranks.count) ranks, which share each batch; give at least "
                        + "one sample a rank")
            }
        }
        try objective.freeze(matching: recipe.freeze.map { PathPattern($0) })
        let teacher = try samples.teacher(recipe, data: data, saved: isResumed ? place.loadTeacher() : nil)
        let batches = try samples.batches(recipe, tokenizer: embedder.tokenizer, teacher: teacher)
        try samples.requireBatch(batches, recipe)
        /// The last report, which is not made again for the same weights.
        var latest: EvaluationReport?
        func evaluated() throws -> EvaluationReport {
            let report = try embedder.report(on: samples, isQuick: true)
            latest = report
            return report
        }
        let wanted = [recipe.checkpoint.best, recipe.earlyStopping.metric].compactMap { $0 }
        if !wanted.isEmpty {  // judged before the first step, on the untrained model
            let untrained = try evaluated().metrics
            for name in wanted { _ = try untrained.named(name) }
        }
        let tokenizer = embedder.tokenizer.map {
            CheckpointTokenizer(name: recipe.tokenizer, fingerprint: $0.fingerprint)
        }
        let lock = try takeRun(objective, embedder, samples, tokenizer, teacher, report)
        defer { withExtendedLifetime(lock) {} }  // held to the end
        try embedder.model.prepare(
            TrainingPreparation(
                batches: batches, data: data, targets: try samples.table?.targets(recipe) ?? [], seed: recipe.seed,
                isResumed: isResumed))
        let trainer = trainer(
            for: objective, stepsPerEpoch: batches.stepsPerEpoch, metadata: tokenizer?.metadata ?? [:],
            progress: progress, cost: cost, catchesSignals: catchesSignals, evaluation: { try evaluated().metrics })
        report(
            .start(
                TrainingStart(
                    data: samples.description, stepsPerEpoch: batches.stepsPerEpoch,
                    parameterCount: objective.parameterCount, precision: precision, threads: Threads.count,
                    products: Self.products(precision.computed), ranks: ranks.count, ranksOfHost: ranks.host.count,
                    library: ranks.library)))
        let updates = updatesPerEpoch(batches.stepsPerEpoch)
        if let warning = recipe.scheduleWarning(updatesPerEpoch: updates) { report(.note(warning)) }
        for notice in samples.notices(recipe) { report(.fact(notice)) }
        if isResumed {
            try resume(trainer, updatesPerEpoch: updates, report)
        } else if !embedder.model.hasSharedSpace {
            let known = initial == nil ? latest : nil
            report(.untrained(try known ?? evaluated()))
        }
        let end =
            switch recipe.length {
            case .epochs(let count): try trainer.train(on: batches, epochs: count)
            case .steps(let count): try trainer.train(on: batches, steps: count)
            }
        reportUnreadable(batches.badSamples, report)
        if case .interrupted = end {
            try finish(cost, report)
            report(.interrupted(step: trainer.step))
            return end
        }
        if case .stoppedEarly(let step) = end, let rule = recipe.earlyStopping.rule {
            report(.stoppedEarly(step: step, metric: rule.metric, patience: rule.patience))
        }
        let known = trainer.lastEvaluation?.step == trainer.step ? latest : nil
        report(.evaluated(try known ?? withAverage(of: trainer, evaluated)))
        try finish(cost, report)
        report(.finished(directory: place.path))
        return end
    }

    /// Reports what could not be loaded, of all ranks.
    private func reportUnreadable(_ samples: BadSamples, _ report: (TrainingEvent) -> Void) {
        let count = Int(ranks.sum([Double(samples.count)])[0])
        let first = ranks.gather(Array((samples.examples.first?.line ?? "").utf8)).first { !$0.isEmpty }
        guard count > 0 else { return }
        report(.unreadableSamples(count: count, first: String(decoding: first ?? [], as: UTF8.self)))
    }

    /// Writes and reports what the run has cost.
    private func finish(_ meter: CostMeter, _ report: (TrainingEvent) -> Void) throws {
        let cost = meter.cost
        if ranks.rank == 0 {
            try TextFile.write(cost.file, to: place.cost)
            place.discardInitial()
        }
        report(.cost(cost))
    }

    /// Takes the run's directory, a new one with all that a run starts with, and loads initial weights.
    private func takeRun(
        _ objective: some Objective<MultimodalBatch>, _ embedder: Embedder, _ samples: TrainingData,
        _ tokenizer: CheckpointTokenizer?, _ teacher: TeacherEmbeddings?, _ report: (TrainingEvent) -> Void
    ) throws -> RunLock? {
        let trained = try TrainedData(samples, recipe, root: data)
        var lock: RunLock?
        if isResumed {
            if let note = try place.requireSame(trained, samples.table) { report(.note(note)) }
            lock = ranks.rank == 0 ? try place.takeLock() : nil
        }
        if let initial {  // of a resumed run, the checkpoint comes over it where there is one
            let own = tokenizer.map { (name: $0.name, fingerprint: $0.fingerprint) }
            for note in try initial.load(into: objective, of: embedder.model, tokenizer: own) { report(.fact(note)) }
        } else if isResumed {
            try place.loadInitial(into: objective)
        }
        if isResumed || ranks.rank > 0 { return lock }
        let classes = try recipe.data.labels.compactMap { label in
            try samples.table.map { (label: label, names: try $0.classes(label).names) }
        }
        return try place.prepare(
            recipe: recipe, overrides: overrides, tokenizer: embedder.tokenizer, classes: classes, ids: embedder.ids,
            initial: initial.map { _ in objective }, teacher: teacher?.index, trainedData: trained,
            kernels: KernelTable.current.resolved)
    }

    private func resume(
        _ trainer: Trainer<some Objective<MultimodalBatch>>, updatesPerEpoch: Int, _ report: (TrainingEvent) -> Void
    ) throws {
        if let earlier = try place.loadCost() { trainer.cost.goOn(from: earlier) }
        let step = try trainer.resume(from: place.checkpoints.path)
        report(.resumed(step: step))
        guard let saved, let change = try recipe.change(from: saved, at: step, updatesPerEpoch: updatesPerEpoch) else {
            return
        }
        report(.lengthChange(change))
        if ranks.rank == 0 { try place.write(recipe, overrides: overrides) }
    }

    /// Evaluates the averaged weights, where there are any, as a run's own evaluation does.
    private func withAverage(
        of trainer: Trainer<some Objective<MultimodalBatch>>, _ evaluated: () throws -> EvaluationReport
    ) throws -> EvaluationReport {
        guard let average = trainer.average else { return try evaluated() }
        return try average { _ in try evaluated() }
    }

    private func updatesPerEpoch(_ steps: Int) -> Int {
        (steps + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate
    }

    private static func products(_ precision: Precision) -> String {
        precision == .bfloat16 ? "oneDNN in bfloat16" : MatmulChoice.current.library.rawValue
    }

    private func trainer<O: Objective<MultimodalBatch>>(
        for objective: O, stepsPerEpoch: Int, metadata: [String: String],
        progress: ProgressMeter.Style, cost: CostMeter, catchesSignals: Bool,
        evaluation: @escaping () throws -> [Metric]
    ) -> Trainer<O> {
        Trainer(
            objective, optimizer: recipe.makeOptimizer(),
            schedule: recipe.makeSchedule(updatesPerEpoch: updatesPerEpoch(stepsPerEpoch)),
            clip: recipe.optimizer.clip,
            accumulate: recipe.optimizer.accumulate, microbatch: recipe.microbatch,
            precision: recipe.precision.resolved, seed: recipe.seed,
            checkpoints: Checkpoints(
                in: place.checkpoints.path, every: recipe.checkpoint.every, keep: recipe.checkpoint.keep,
                best: recipe.checkpoint.best,
                metadata: metadata),
            metrics: place.metrics,
            evaluation: recipe.evaluateEvery > 0
                ? .every(recipe.evaluateEvery, evaluation) : recipe.checkpoint.best != nil ? .atEnd(evaluation) : nil,
            earlyStopping: recipe.earlyStopping.rule, averaging: recipe.averaging.map { .constant($0) },
            progress: progress, cost: cost, ranks: ranks,
            synchronizingBatchNorm: recipe.ranks.syncBatchNorm, contrast: recipe.ranks.contrast,
            shardingOptimizer: recipe.ranks.shardOptimizer,
            catchesSignals: catchesSignals)
    }
}
