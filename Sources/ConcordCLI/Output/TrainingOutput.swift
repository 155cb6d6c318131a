import Concord
import ConcordDemo

/// What a training command prints: sentences as things happen, or, with `--json`, one JSON object at the end and the
/// sentences on standard error.
struct TrainingOutput {
    private let isJSON: Bool
    private var evaluation: EvaluationReport?
    private var queries: [Query] = []
    private var contactSheet: String?

    /// A query of the demo, and what was found.
    private struct Query: Encodable {
        let query: String
        let answers: [DemoAnswer]
    }

    private struct Result: Encodable {
        let run: String
        let evaluation: EvaluationReport?
        let queries: [Query]?
        let contactSheet: String?

        enum CodingKeys: String, CodingKey {
            case run, evaluation, queries
            case contactSheet = "contact_sheet"
        }
    }

    init(json: Bool) { isJSON = json }

    /// How the trainer shows its steps.
    var progress: ProgressMeter.Style { isJSON ? .silent : .automatic }

    mutating func show(_ event: TrainingEvent) {
        if case .evaluated(let report) = event { evaluation = report }
        show(EventText.text(of: event))
    }

    mutating func show(_ event: DemoEvent) {
        switch event {
        case .training(let event): return show(event)
        case .answers(let query, let answers): queries.append(Query(query: query, answers: answers))
        case .finished(let sheet, _, _): contactSheet = sheet
        default: break
        }
        show(EventText.text(of: event))
    }

    private func show(_ text: String?) {
        guard let text else { return }
        if isJSON { StandardError.line(text) } else { print(text) }
    }

    /// Prints the JSON object, on the first rank alone.
    func finish(run directory: String) throws {
        guard isJSON, Ranks.shared.rank == 0 else { return }
        var output = StandardOutput()
        try output.json(
            Result(
                run: directory, evaluation: evaluation, queries: contactSheet == nil ? nil : queries,
                contactSheet: contactSheet))
        try output.finish()
    }
}
