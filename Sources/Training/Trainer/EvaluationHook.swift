public import ConcordLayers

/// Metrics taken now and then while a run goes on.
///
/// ```swift
/// EvaluationHook.every(500) { [Metric("retrieval.r1", try retrieval(of: clip, on: heldOut), isBetter: .higher)] }
/// ```
public struct EvaluationHook {
    /// Steps between two evaluations; one more comes at the end. Nil: only at the end.
    public let interval: Int?
    /// Metrics in the order in which they are logged. It runs in evaluation mode and without a tape.
    public let body: () throws -> [Metric]

    /// An evaluation every so many steps, at least 1, and one at the end.
    public static func every(_ steps: Int, _ body: @escaping () throws -> [Metric]) -> EvaluationHook {
        EvaluationHook(interval: max(1, steps), body: body)
    }

    /// One evaluation, at the end.
    public static func atEnd(_ body: @escaping () throws -> [Metric]) -> EvaluationHook {
        EvaluationHook(interval: nil, body: body)
    }

    func isDue(after step: Int, of total: Int) -> Bool {
        step == total || interval.map { step.isMultiple(of: $0) } ?? false
    }
}

extension [Metric] {
    /// The metric of a name.
    /// - Throws: `TrainingError.noSuchMetric` where the evaluation has none of this name.
    package func named(_ name: String) throws -> Metric {
        guard let metric = first(where: { $0.name == name }) else {
            throw TrainingError.noSuchMetric(name: name, known: map(\.name))
        }
        return metric
    }
}
