/// Metrics taken now and then while a run goes on.
///
/// ```swift
/// EvaluationHook.every(500) { [("retrieval.r1", try retrieval(of: clip, on: heldOut))] }
/// ```
public struct EvaluationHook {
    /// Steps between two evaluations; one more comes at the end. Nil: only at the end.
    public let interval: Int?
    /// Named metrics, in the order in which they are logged. It runs in evaluation mode and without a tape.
    public let body: () throws -> [(name: String, value: Double)]

    /// An evaluation every so many steps, at least 1, and one at the end.
    public static func every(
        _ steps: Int, _ body: @escaping () throws -> [(name: String, value: Double)]
    ) -> EvaluationHook {
        EvaluationHook(interval: max(1, steps), body: body)
    }

    /// One evaluation, at the end.
    public static func atEnd(_ body: @escaping () throws -> [(name: String, value: Double)]) -> EvaluationHook {
        EvaluationHook(interval: nil, body: body)
    }

    func isDue(after step: Int, of total: Int) -> Bool {
        step == total || interval.map { step.isMultiple(of: $0) } ?? false
    }
}
