/// When a run writes checkpoints, where, and which it keeps.
///
/// ```swift
/// Checkpoints(in: "run/checkpoints", every: 500, keep: 2, best: .highest("retrieval.r1"))
/// ```
public struct Checkpoints: Sendable {
    /// The folder.
    public let directory: CheckpointDirectory
    /// Steps between two; one more is written at the end, at a signal, and when the evaluation is the best so far.
    public let interval: Int
    /// How many of the last stay; the best stays besides.
    public let kept: Int
    /// The metric that the best checkpoint is chosen by; nil: none is.
    public let best: BestMetric?
    /// What else to say in the files' headers. The trainer's own keys take precedence.
    public let metadata: [String: String]

    /// - Parameters:
    ///   - every: at least 1.
    ///   - keep: at least 1.
    public init(
        in directory: String, every: Int, keep: Int = 2, best: BestMetric? = nil, metadata: [String: String] = [:]
    ) {
        self.directory = CheckpointDirectory(directory)
        interval = max(1, every)
        kept = max(1, keep)
        self.best = best
        self.metadata = metadata
    }
}

/// The metric of the evaluation that says which checkpoint is the best, or when to stop.
public struct BestMetric: Sendable, Equatable {
    /// As the evaluation names it: `retrieval.r1`.
    public let name: String
    /// Whether larger values are better.
    public let isHigherBetter: Bool

    /// A metric of which larger values are better.
    public static func highest(_ name: String) -> BestMetric { BestMetric(name: name, isHigherBetter: true) }
    /// A metric of which smaller values are better.
    public static func lowest(_ name: String) -> BestMetric { BestMetric(name: name, isHigherBetter: false) }

    /// - Throws: `TrainingError.noSuchMetric` where the evaluation has no metric of this name.
    package func value(in evaluation: [(name: String, value: Double)]) throws -> Double {
        guard let value = evaluation.first(where: { $0.name == name })?.value else {
            throw TrainingError.noSuchMetric(name: name, known: evaluation.map(\.name))
        }
        return value
    }

    /// Not-a-number is never better; anything is better than nothing; equal is not better.
    func isBetter(_ value: Double, than old: Double?) -> Bool {
        guard !value.isNaN else { return false }
        return old.map { isHigherBetter ? value > $0 : value < $0 } ?? true
    }
}
