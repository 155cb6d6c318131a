/// What a run has to do with files, clock and screen.
final class TrainingRun {
    private let metrics: MetricsFile?
    private let meter: ProgressMeter
    private let memory = ResidentMemory()
    private let started = ContinuousClock.now
    private var stepStarted = ContinuousClock.now
    private let epochs: Int
    /// The largest spread of embeddings so far, by the part's name.
    private var spreads: [String: Float] = [:]
    private var hasToldCollapse = false
    /// Losses since they were last shown.
    private var shown = (sum: 0.0, count: 0)

    /// - Parameters:
    ///   - step: updates so far.
    ///   - isContinued: whether files of an earlier part of this run may be there.
    init(_ settings: TrainerSettings, from step: Int, continuing isContinued: Bool, plan: TrainingPlan) throws {
        if let directory = settings.checkpoints?.directory {
            if !isContinued, directory.last != nil { throw TrainingError.runExists(path: directory.path) }
            try directory.prepare()
        }
        metrics = try settings.metrics.map { path in
            if !isContinued, MetricsFile.hasContents(path) { throw TrainingError.runExists(path: path) }
            return try MetricsFile(path: path, keepingUpTo: step)
        }
        meter = ProgressMeter(total: plan.total, done: step, style: settings.progress)
        epochs = (plan.total + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch
    }

    /// Speed, memory and time of the step that ends now.
    func measure(_ step: inout StepMetrics, samples: Int) {
        let now = ContinuousClock.now
        step.itemsPerSecond = Double(samples) / max(1e-9, (now - stepStarted).inSeconds)
        step.residentBytes = memory.bytes
        step.seconds = (metrics?.seconds ?? 0) + (now - started).inSeconds
    }

    func record(_ step: StepMetrics, samples: Int) throws {
        stepStarted = .now
        shown = (shown.sum + Double(step.loss), shown.count + 1)
        meter.update(step.step, items: samples, caption(step))
        warnOfCollapse(step)
        try metrics?.append(step.line)
    }

    /// Says once that embeddings spread over less than two fifths of the directions that they did: they tell inputs
    /// apart less and less.
    private func warnOfCollapse(_ step: StepMetrics) {
        guard !hasToldCollapse else { return }
        for part in step.parts where part.name.hasSuffix("spread") {
            let largest = max(part.value, spreads[part.name] ?? 0)
            spreads[part.name] = largest
            guard part.value < 0.4 * largest, step.step >= 10 else { continue }
            hasToldCollapse = true
            return meter.print(
                "note: step \(step.step): \(part.name) fell from \(brief(Double(largest))) to "
                    + "\(brief(Double(part.value))): the "
                    + "embeddings become the same for all inputs (collapse)")
        }
    }

    private func caption(_ step: StepMetrics) -> String {
        defer { shown = (0, 0) }
        return "epoch \(step.epoch)/\(epochs)  loss \(brief(shown.sum / Double(max(1, shown.count))))"
    }

    func show(_ line: String) { meter.print(line) }

    func show(_ evaluation: [(name: String, value: Double)], step: Int, isBest: Bool) {
        let metrics = evaluation.map { "\($0.name) \(brief($0.value))" }.joined(separator: "  ")
        meter.print("step \(step): \(metrics)\(isBest ? "  (best so far)" : "")")
    }

    func show(checkpointAt step: Int) { meter.print("checkpoint at step \(step), as SIGUSR1 asked; the run goes on") }

    /// All metrics so far are on the disk.
    func synchronize() throws { try metrics?.synchronize() }

    /// What ran since the last step was no training.
    func skipTime() {
        stepStarted = .now
        meter.skipTime()
    }

    func close() {
        meter.finish()
        metrics?.close()
    }
}
