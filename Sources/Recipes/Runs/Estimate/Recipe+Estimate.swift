import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTokenizers
import ConcordTraining

extension Recipe {
    /// Measures what a run of this recipe will cost on this machine, and writes nothing.
    ///
    /// ```swift
    /// let estimate = try Recipe(named: "photos", overrides: ["epochs=40"]).estimate(data: "data/photos")
    /// print(estimate.seconds, estimate.peakResidentBytes)
    /// ```
    /// It reads the data as a run does and makes real steps on them, for some seconds after a warm-up; where
    /// decoded samples are kept, the same steps once more, as later epochs find them; and evaluates growing parts of
    /// the held-out rows. Time is that of this machine as busy as it is now. Memory is the process's peak, with what
    /// the cache and the evaluation of all rows will add: measure in a fresh process, as `concord train --estimate`
    /// does, since what a process had before counts too.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - initial: weights to start from; they cost what loading them takes.
    ///   - seconds: about how long steps are measured, above 0.
    /// - Throws: what a run throws on the same data, before its first step or in the measured ones.
    public func estimate(
        data: String, initial: InitialWeights? = nil, measuring seconds: Double = 10
    ) throws -> TrainingEstimate {
        let started = ContinuousClock.now
        let tokenizer = try tokenizer.isEmpty ? nil : loadTokenizer(data: data)
        let samples = try TrainingData(self, data: data, tokenizer: tokenizer)
        _ = try samples.textNotes(self, root: data, tokenizer: tokenizer)
        let ids = samples.table?.ids ?? [:]
        let model = try RecipeModel(
            self, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations, ids: ids,
            classes: try samples.table?.learnedClasses(self) ?? [:], memory: Self.physicalMemory)
        let embedder = Embedder(model: model, tokenizer: tokenizer, ids: ids, recipe: self)
        return try estimate(model.objective, embedder, samples, data, initial, seconds, since: started)
    }

    private func estimate(
        _ objective: some Objective<MultimodalBatch>, _ embedder: Embedder, _ samples: TrainingData, _ data: String,
        _ initial: InitialWeights?, _ seconds: Double, since started: ContinuousClock.Instant
    ) throws -> TrainingEstimate {
        if microbatch != nil { _ = try objective.microbatched() }
        try objective.freeze(matching: freeze.map { PathPattern($0) })
        let teacher = try samples.teacher(self, data: data)
        let batches = try samples.batches(self, tokenizer: embedder.tokenizer, teacher: teacher)
        try samples.requireBatch(batches, self)
        _ = try TrainedData(samples, self, root: data)
        let named = embedder.tokenizer.map { (name: self.tokenizer, fingerprint: $0.fingerprint) }
        _ = try initial?.load(into: objective, of: embedder.model, tokenizer: named)
        try embedder.model.prepare(
            TrainingPreparation(
                batches: batches, data: data, targets: try samples.table?.targets(self) ?? [], seed: seed,
                isResumed: false))
        _ = samples.notices(self)
        var estimate = TrainingEstimate()
        estimate.precision = precision.resolved.available
        estimate.startSeconds = (ContinuousClock.now - started).inSeconds

        let updatesPerEpoch = updatesPerEpoch(of: batches)
        estimate.steps = updates(perEpoch: updatesPerEpoch)
        let before = countEvaluations(&estimate, embedder, isInitialized: initial != nil)
        // In the order of a run, for memory that was freed is used again by what comes after.
        var evaluation: EvaluationMeasurement?
        func evaluate() throws {
            evaluation = try EvaluationMeasurement(of: embedder, on: samples, seconds: seconds / 2)
        }
        if before > 0 { try evaluate() }
        let steps = try StepMeasurement(of: objective, on: batches, by: self, updates: estimate.steps, seconds)
        steps.enter(&estimate, updatesPerEpoch: updatesPerEpoch)
        estimate.cacheGrowthBytes = cacheGrowth(batches, steps: estimate.steps, updatesPerEpoch)
        let peakOfSteps = ProcessUsage.now().peakResidentBytes, tensorsOfSteps = Allocator.statistics.peak
        if before == 0 { try evaluate() }
        estimate.measuredPeakBytes = ProcessUsage.now().peakResidentBytes
        if let evaluation {
            estimate.evaluationSeconds = evaluation.seconds
            let expected = peakOfSteps + max(0, steps.heldBytes + evaluation.bytes - tensorsOfSteps)
            estimate.evaluationGrowthBytes = max(0, expected - estimate.measuredPeakBytes)
        }
        estimate.measuringSeconds = (ContinuousClock.now - started).inSeconds
        return estimate
    }

    /// Updates in an epoch; the last may have fewer batches than the others.
    func updatesPerEpoch(of batches: Batches<MultimodalBatch>) -> Int {
        (batches.stepsPerEpoch + optimizer.accumulate - 1) / optimizer.accumulate
    }

    /// What the cache of decoded samples will hold at the end of the run more than now.
    private func cacheGrowth(_ batches: Batches<MultimodalBatch>, steps: Int, _ updatesPerEpoch: Int) -> Int {
        guard let filling = batches.cacheFilling else { return 0 }
        let seen = min(1, Double(steps) / Double(max(1, updatesPerEpoch)))
        return max(0, Int(seen * Double(filling.expectedBytes)) - filling.bytes)
    }

    /// How many evaluations and checkpoints a run has.
    /// - Returns: the evaluations before the first step.
    private func countEvaluations(
        _ estimate: inout TrainingEstimate, _ embedder: Embedder, isInitialized: Bool
    ) -> Int {
        func times(every count: Int) -> Int { (estimate.steps + count - 1) / count }  // one more at the end
        let isJudged = checkpoint.best != nil || earlyStopping.metric != nil
        let before = (isJudged ? 1 : 0) + (!embedder.model.hasSharedSpace && (!isJudged || isInitialized) ? 1 : 0)
        estimate.evaluations = before + (evaluateEvery > 0 ? times(every: evaluateEvery) : 1)
        estimate.checkpoints = times(every: checkpoint.every)
        return before
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
