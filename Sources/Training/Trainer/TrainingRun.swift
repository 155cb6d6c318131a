import ConcordFiles
import ConcordLayers
import ConcordTensors

/// A run's metrics file, clock and progress display.
final class TrainingRun {
    private let metrics: MetricsFile?
    private let meter: ProgressMeter
    private let memory = ResidentMemory()
    private let started = ContinuousClock.now
    private var stepStarted = ContinuousClock.now
    private let epochs: Int
    private let cost: CostMeter
    /// What this thread had counted when the step started.
    private var countedBefore = MultiplyAdds.ofThisThread
    /// The largest spread of embeddings so far, by the metric's name.
    private var spreads: [String: Float] = [:]
    private var hasWarnedOfCollapse = false
    /// Losses since they were last shown.
    private var shown = (sum: 0.0, count: 0)

    /// - Parameters:
    ///   - step: updates so far.
    ///   - isContinued: whether files of an earlier part of this run may be there.
    ///   - cost: goes on from what the metrics file says of an earlier part.
    init(
        _ settings: TrainerSettings, from step: Int, continuing isContinued: Bool, plan: TrainingPlan, cost: CostMeter
    ) throws {
        self.cost = cost
        if settings.isWriter, let directory = settings.checkpoints?.directory {
            if !isContinued, directory.last != nil { throw TrainingError.runExists(path: directory.path) }
            try directory.prepare()
        }
        metrics = try (settings.isWriter ? settings.metrics : nil).map { path in
            if !isContinued, MetricsFile.hasContents(path) { throw TrainingError.runExists(path: path) }
            return try MetricsFile(path: path, keepingUpTo: step)
        }
        if let earlier = metrics?.cost { cost.goOn(from: earlier) }
        meter = ProgressMeter(total: plan.total, done: step, style: settings.progress)
        epochs = (plan.total + plan.stepsPerEpoch - 1) / plan.stepsPerEpoch
    }

    /// Speed, memory, time and cost of the step that ends now.
    func measure(_ step: inout StepMetrics, samples: Int) {
        meter.pauseTime()  // an evaluation may come before the step is recorded
        let now = ContinuousClock.now
        let seconds = (now - stepStarted).inSeconds
        step.itemsPerSecond = Double(samples) / max(1e-9, seconds)
        step.multiplyAdds = MultiplyAdds.ofThisThread - countedBefore
        cost.add(step.multiplyAdds, seconds: seconds)
        step.cost = cost.recentCost
        step.residentBytes = memory.bytes
        step.seconds = (metrics?.seconds ?? 0) + (now - started).inSeconds
    }

    func record(_ step: StepMetrics, samples: Int) throws {
        startStep()
        shown = (shown.sum + Double(step.loss), shown.count + 1)
        meter.update(step.step, items: samples, caption(step))
        warnOfCollapse(step)
        try metrics?.append(step.line)
    }

    /// Warns once that the spread of embeddings fell below two fifths of its largest value.
    private func warnOfCollapse(_ step: StepMetrics) {
        guard !hasWarnedOfCollapse else { return }
        for metric in step.metrics where metric.name.hasSuffix("spread") {
            let largest = max(metric.value, spreads[metric.name] ?? 0)
            spreads[metric.name] = largest
            guard metric.value < 0.4 * largest, step.step >= 10 else { continue }
            hasWarnedOfCollapse = true
            return meter.print(
                "note: step \(step.step): \(metric.name) fell from \(NumberText.brief(Double(largest))) to "
                    + """
                    \(NumberText.brief(Double(metric.value))): the embeddings become the same for all inputs \
                    (collapse)
                    """
            )
        }
    }

    private func caption(_ step: StepMetrics) -> String {
        defer { shown = (0, 0) }
        return "epoch \(step.epoch)/\(epochs)  loss \(NumberText.brief(shown.sum / Double(max(1, shown.count))))"
    }

    func show(_ line: String) { meter.print(line) }

    func show(_ evaluation: [Metric], step: Int, isBest: Bool) {
        let metrics = evaluation.map { "\($0.name) \(NumberText.brief($0.value))" }.joined(separator: "  ")
        meter.print("step \(step): \(metrics)\(isBest ? "  (best so far)" : "")")
    }

    func show(checkpointAt step: Int) {
        meter.print("checkpoint at step \(step), as requested by SIGUSR1; the run continues")
    }

    /// All metrics so far are on the disk.
    func synchronize() throws { try metrics?.synchronize() }

    /// Excludes the time since the last step from the speed: it was no training.
    func skipTime() {
        startStep()
        meter.skipTime()
    }

    private func startStep() {
        stepStarted = .now
        countedBefore = MultiplyAdds.ofThisThread
    }

    func close() {
        meter.finish()
        metrics?.close()
    }
}
