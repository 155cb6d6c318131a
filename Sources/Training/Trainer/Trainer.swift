public import ConcordCommunication
public import ConcordDatasets
public import ConcordLayers
public import ConcordObjectives
public import ConcordTensors

/// Trains an objective on batches: gradients, clipping, updates, metrics, evaluation, checkpoints.
///
/// ```swift
/// let trainer = Trainer(clip, optimizer: AdamW(learningRate: 5e-4, weightDecay: 0.2),
///                       schedule: .cosine(warmup: 500, total: 20_000),
///                       checkpoints: Checkpoints(in: "run/checkpoints", every: 500), metrics: "run/metrics.jsonl")
/// try trainer.resume(from: "run/checkpoints")
/// try trainer.train(on: pairs)
/// ```
///
/// A run stopped at any step and resumed gives the same bits as one that never stopped: every random choice is a
/// function of seed, step and sample. A trainer belongs to one thread.
public final class Trainer<O: Objective> {
    /// The objective that is trained.
    public let objective: O
    /// The optimizer, with its state.
    public let optimizer: any Optimizer
    /// The averaged weights, nil without `averaging`. Calling it runs a closure with them in place of the objective's
    /// own: `trainer.average?({ $0.embed("image", images) })`.
    public let average: MovingAverage<O>?
    /// What the run costs.
    public let cost: CostMeter
    /// The processes that train the objective together.
    public let ranks: Communicator
    let settings: TrainerSettings
    /// Adds up gradients over ranks; nil in a process alone.
    let reducer: GradientReducer?
    var state: TrainerState
    /// The checkpoint that the state was loaded from, until the first batches were compared with it.
    var resumedFrom: String?
    /// Whether files of an earlier part of this run may exist.
    var mayContinue = false

    /// Updates so far.
    public var step: Int { state.step }

    /// The last evaluation that this trainer made, and the step that it came after; nil where none was made yet.
    public private(set) var lastEvaluation: (step: Int, metrics: [Metric])?

    /// Gives the objective's parameters their initial values where they have none yet.
    /// - Parameters:
    ///   - clip: the gradients' largest norm, above 0; nil for no limit. The norm is logged as it was before clipping.
    ///   - accumulate: batches in an update. Gradients are averaged by samples; for contrastive losses that does
    ///     **not** add negatives, as a larger batch would.
    ///   - microbatch: samples whose activations are in memory at a time, at least 1; nil: the whole batch's. Gradients
    ///     are those of the whole batch, with all of its negatives, dropout included; contrastive losses cost another
    ///     forward pass. Batch normalization uses each microbatch's own statistics, as a run with such small batches
    ///     would; running statistics are updated once a step, by the microbatches' mean. See
    ///     ``valueWithGradient(of:_:microbatch:step:seed:)``.
    ///   - precision: the element type of activations and matmuls; `.fastest` is bfloat16 where the processor has
    ///     instructions for it. Parameters and checkpoints are float32 either way. Evaluation is float32.
    ///   - seed: of initial values, dropout, and every other random choice that is not the data's.
    ///   - metrics: the path of a file to which one JSON object a step is appended (`metrics.jsonl`).
    ///   - evaluation: metrics for the log, and to choose the best checkpoint by.
    ///   - earlyStopping: ends the run when a metric of the evaluation no longer improves; nil: all steps are made.
    ///   - averaging: keeps an exponential moving average of the weights, `average = m average + (1 - m) weights` after
    ///     every update, with this momentum m: parameters and running statistics. Evaluation runs with the averaged
    ///     weights, so early stopping and the choice of the best checkpoint follow them; checkpoints hold both
    ///     (``CheckpointWeights``). Nil: no average.
    ///   - cost: counts what the run costs, for each line of `metrics` and for the caller; nil: a meter that starts now.
    ///     A resumed run goes on from the costs in `metrics`.
    ///   - ranks: the processes that train the objective together, each with a trainer of its own that is made and called
    ///     alike. A step is that of one process with the whole batch: each rank loads its share, losses see all ranks'
    ///     samples, gradients are added up in float32. Rank 0 writes the files; a signal that any rank gets ends all.
    ///   - synchronizingBatchNorm: whether batch normalization takes the statistics of all ranks' samples, as one process
    ///     would; else of each rank's own. Not with microbatches.
    ///   - contrast: how InfoNCE sees the embeddings of all ranks.
    ///   - shardingOptimizer: whether each rank keeps the optimizer's state of a shard of the parameters alone, updates
    ///     these, and gets the others' values from their ranks (ZeRO stage 1: Rajbhandari et al. 2020,
    ///     arXiv:1910.02054). Whole parameters are dealt out, the largest first.
    ///   - catchesSignals: SIGINT, SIGTERM and SIGHUP end the run after the step under way, with a checkpoint; a second
    ///     one ends it at once. SIGUSR1 writes a checkpoint after the step under way, and the run goes on.
    public init(
        _ objective: O, optimizer: any Optimizer, schedule: Schedule = .constant(), clip: Double? = nil,
        accumulate: Int = 1,
        microbatch: Int? = nil, precision: Precision = .float32, seed: UInt64 = 0, checkpoints: Checkpoints? = nil,
        metrics: String? = nil,
        evaluation: EvaluationHook? = nil, earlyStopping: EarlyStopping? = nil, averaging: Momentum? = nil,
        progress: ProgressMeter.Style = .automatic, cost: CostMeter? = nil, ranks: Communicator = .single,
        synchronizingBatchNorm: Bool = false, contrast: ContrastForm = .gather, shardingOptimizer: Bool = false,
        catchesSignals: Bool = false
    ) {
        ShapeCheck.require(
            microbatch == nil || !synchronizingBatchNorm, "Trainer", "synchronized statistics of microbatches")
        ShapeCheck.require(accumulate > 0, "Trainer", "accumulation over \(accumulate) batches")
        ShapeCheck.require(
            microbatch.map { $0 > 0 } ?? true, "Trainer", "a microbatch of \(microbatch ?? 0) samples; 1 or more wanted"
        )
        ShapeCheck.require(clip.map { $0 > 0 } ?? true, "Trainer", "clipping at a norm that is not above 0")
        self.objective = objective.initialize(seed: seed)
        self.optimizer = optimizer
        self.cost = cost ?? CostMeter()
        self.ranks = ranks
        reducer =
            ranks.isAlone
            ? nil
            : GradientReducer(
                ParameterWalk(objective).parameters.map { ($0.parameter, $0.parameter.shape) }, over: ranks)
        if shardingOptimizer, !ranks.isAlone {
            guard let optimizer = optimizer as? any ShardableOptimizer else {
                ShapeCheck.fail("Trainer", "\(type(of: optimizer)) is no ShardableOptimizer")
            }
            optimizer.shard(over: ranks)
        }
        average = averaging.map { MovingAverage(of: objective, momentum: $0, buffers: .averaged) }
        average?.parametersDidInitialize()
        settings = TrainerSettings(
            schedule: schedule, clip: clip, checkpoints: checkpoints, metrics: metrics, evaluation: evaluation,
            earlyStopping: earlyStopping, progress: ranks.rank == 0 ? progress : .silent, isWriter: ranks.rank == 0,
            synchronizesBatchNorm: synchronizingBatchNorm, contrast: contrast, shardsOptimizer: shardingOptimizer && !ranks.isAlone,
            catchesSignals: catchesSignals, precision: precision)
        state = TrainerState(seed: seed, accumulate: accumulate, microbatch: microbatch, averaging: averaging)
    }

    /// Makes updates until the run has as many as asked for, those before a resume among them. Without `epochs` and
    /// `steps` the schedule says how many.
    /// - Throws: `TrainingError`, `ObjectiveError` where the objective supports no microbatches, what loading a batch
    ///   throws, and what writing a checkpoint throws. Checkpoints written before stay as they are.
    @discardableResult
    public func train(on batches: Batches<O.Input>, epochs: Int? = nil, steps: Int? = nil) throws -> TrainingEnd {
        try batches.validate()
        if state.microbatch != nil { _ = try objective.microbatched() }
        if !ranks.isAlone { _ = try objective.shared() }
        average?.parametersDidInitialize()  // weights may have been loaded since
        if let metric = settings.checkpoints?.best ?? settings.earlyStopping?.metric, settings.evaluation == nil {
            throw TrainingError.noSuchMetric(name: metric, known: [])
        }
        let plan = TrainingPlan(
            batchesPerEpoch: batches.stepsPerEpoch, accumulate: state.accumulate, epochs: epochs, steps: steps,
            schedule: settings.schedule)
        try state.enter(plan, resumedFrom: resumedFrom.take())
        let run = try TrainingRun(settings, from: state.step, continuing: mayContinue, plan: plan, cost: cost)
        mayContinue = true
        defer { run.close() }
        if let frozen = try objective.frozenParameters() { run.show(frozen) }
        let end =
            try settings.catchesSignals
            ? StopSignals.noted { try follow(plan, on: batches, run) } : follow(plan, on: batches, run)
        try run.synchronize()
        return end
    }

    private func follow(_ plan: TrainingPlan, on batches: Batches<O.Input>, _ run: TrainingRun) throws -> TrainingEnd {
        guard state.step < plan.total else { return .finished }
        if let rule = settings.earlyStopping, rule.isOver(state.stopping) { return .stoppedEarly(step: state.step) }
        var pending: Accumulation?
        let batches = ranks.isAlone ? batches : batches.shard(ranks.rank, of: ranks.count)
        for batch in batches.steps(plan.firstBatch(of: state.step)..<plan.firstBatch(of: plan.total)) {
            // A batch without a readable sample is skipped; an update that has no other is counted as made.
            let step = plan.step(epoch: batch.epoch, batch: batch.index)
            if step > state.step, let rest = pending.take(), let end = try finish(rest, plan, run) { return end }
            state.step = step
            try differentiate(batch, number: batch.epoch * plan.batchesPerEpoch + batch.index, into: &pending)
            if plan.isLast(batch: batch.index), let whole = pending.take(), let end = try finish(whole, plan, run) {
                return end
            }
        }
        if let rest = pending, let end = try finish(rest, plan, run) { return end }
        if state.step < plan.total {
            state.step = plan.total
            try saveCheckpoint()
        }
        return .finished
    }

    private func differentiate(_ batch: LoadedBatch<O.Input>, number: Int, into pending: inout Accumulation?) throws {
        let input = try batch.get()
        // Gradients are final as they come where a batch is an update and all have a share.
        let sink = state.accumulate == 1 && batch.isShared ? reducer : nil
        sink?.begin()
        let (loss, gradients) = try withPrecision(settings.precision) {
            try withSampleKeys(batch.keys) {
                try Context.with({ $0.gradientSink = sink }) {
                    try batch.isShared
                        ? shareGradient(of: input, number: number) : wholeGradient(of: input, number: number)
                }
            }
        }
        let samples = max(1, batch.isShared ? Int(ranks.sum([Double(batch.keys.count)])[0]) : batch.keys.count)
        if pending == nil {
            pending = Accumulation(loss, gradients, samples: samples)
        } else {
            pending?.add(loss, gradients, samples: samples)
        }
    }

    /// One update, with its metrics, evaluation and checkpoint.
    /// - Returns: how the run ends here, nil if it continues.
    private func finish(_ sum: Accumulation, _ plan: TrainingPlan, _ run: TrainingRun) throws -> TrainingEnd? {
        let gradients = (reducer?.finish(sum.gradients) ?? sum.gradients).coalesced
        let norm = gradients.norm * sum.gradientFactor
        guard sum.mean.total.isFinite, norm.isFinite else {
            throw FiniteCheck.diagnosis(step: state.step + 1, sum.mean, of: objective, gradients)
        }
        let factor = settings.schedule.factor(at: state.step)
        let progress = TrainingProgress(step: state.step + 1, total: plan.total)
        try optimizer.update(
            objective, with: gradients, learningRateFactor: factor,
            gradientFactor: sum.gradientFactor * Gradients.clippingFactor(norm: norm, limit: settings.clip),
            progress: progress)
        average?.parametersDidUpdate(progress)
        state.step += 1
        var metrics = StepMetrics(
            step: state.step, epoch: (state.step - 1) / plan.stepsPerEpoch + 1, loss: sum.mean.total,
            parts: sum.mean.parts, metrics: sum.mean.metrics, learningRate: optimizer.learningRate * factor,
            gradientNorm: norm)
        run.measure(&metrics, samples: sum.samples)
        var isBest = false, isOver = false
        if let hook = settings.evaluation, hook.isDue(after: state.step, of: plan.total) {
            do {
                metrics.evaluation = try agreed(
                    average.map { average in try average { _ in try hook.body() } } ?? hook.body())
                lastEvaluation = (state.step, metrics.evaluation)
                isBest = try state.compare(metrics.evaluation, by: settings.checkpoints?.best)
                isOver =
                    try state.isOver(after: metrics.evaluation, by: settings.earlyStopping) && state.step < plan.total
            } catch {  // the steps made so far are not lost with an evaluation that fails
                try run.record(metrics, samples: sum.samples)
                try run.synchronize()
                try saveCheckpoint()
                throw error
            }
            run.show(metrics.evaluation, step: state.step, isBest: isBest)
        }
        try run.record(metrics, samples: sum.samples)
        let (signal, isRequested) = settings.catchesSignals ? signals() : (nil, false)
        if let checkpoints = settings.checkpoints,
            isBest || isOver || signal != nil || isRequested || state.step == plan.total
                || state.step.isMultiple(of: checkpoints.interval)
        {
            try run.synchronize()
            try saveCheckpoint()
            if isRequested, signal == nil, state.step < plan.total { run.show(checkpointAt: state.step) }
            run.skipTime()
        }
        return signal.map { .interrupted(signal: $0) } ?? (isOver ? .stoppedEarly(step: state.step) : nil)
    }
}
