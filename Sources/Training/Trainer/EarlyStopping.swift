import ConcordLayers

/// Ends a run whose evaluation no longer improves.
///
/// ```swift
/// EarlyStopping("retrieval.image_to_text.r1", patience: 5)
/// ```
///
/// It needs an evaluation that runs every so many steps. The last checkpoint is written as at the end of any run; the
/// best one is kept where `Checkpoints(best:)` asks for it. A resumed run counts on from where it was.
/// - Source: Prechelt 1998, "Early Stopping - But When?", the criterion UP with strips of one evaluation.
public struct EarlyStopping: Sendable, Equatable {
    /// The metric of the evaluation that is to improve; the evaluation knows whether that is to rise or to fall.
    public let metric: String
    /// Evaluations in a row without an improvement after which the run ends, at least 1.
    public let patience: Int
    /// What a value must be better by to be an improvement, in the metric's unit; at least 0.
    public let minimumChange: Double

    /// - Parameters:
    ///   - metric: the name of the metric that must improve.
    ///   - patience: evaluations in a row without an improvement, at least 1.
    ///   - minimumChange: what an improvement is at least, in the metric's unit, 0 or more.
    public init(_ metric: String, patience: Int, minimumChange: Double = 0) {
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
    func note(_ metric: Metric, in progress: inout Progress) {
        if metric.improves(on: progress.best, by: minimumChange) {
            progress = Progress(best: metric.value)
        } else {
            progress.evaluationsSince += 1
        }
    }

    func isOver(_ progress: Progress) -> Bool { progress.evaluationsSince >= patience }
}
