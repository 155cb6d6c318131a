/// Ends a run whose evaluation no longer improves.
///
/// ```swift
/// EarlyStopping(.highest("retrieval.image_to_text.r1"), patience: 5)
/// ```
///
/// It needs an evaluation that runs every so many steps. The last checkpoint is written as at the end of any run; the
/// best one is kept where `Checkpoints(best:)` asks for it. A resumed run counts on from where it was.
/// - Source: Prechelt 1998, "Early Stopping - But When?", the criterion UP with strips of one evaluation.
public struct EarlyStopping: Sendable, Equatable {
    /// What must improve.
    public let metric: BestMetric
    /// Evaluations in a row without an improvement after which the run ends, at least 1.
    public let patience: Int
    /// What a value must be better by to be an improvement, in the metric's unit; at least 0.
    public let minimumChange: Double

    /// - Parameters:
    ///   - metric: what must improve.
    ///   - patience: evaluations in a row without an improvement, at least 1.
    ///   - minimumChange: what an improvement is at least, in the metric's unit, 0 or more.
    public init(_ metric: BestMetric, patience: Int, minimumChange: Double = 0) {
        self.metric = metric
        self.patience = max(1, patience)
        self.minimumChange = max(0, minimumChange)
    }

    /// The best value that counted as an improvement, and how many evaluations came since.
    struct Progress: Equatable {
        var best: Double?
        var evaluationsSince = 0
    }

    /// Notes one evaluation.
    func note(_ value: Double, in progress: inout Progress) {
        let least = progress.best.map { metric.isHigherBetter ? $0 + minimumChange : $0 - minimumChange }
        if metric.isBetter(value, than: least) {
            progress = Progress(best: value)
        } else {
            progress.evaluationsSince += 1
        }
    }

    func isOver(_ progress: Progress) -> Bool { progress.evaluationsSince >= patience }
}
