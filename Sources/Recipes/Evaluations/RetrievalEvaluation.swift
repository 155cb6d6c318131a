public import ConcordEvaluation

/// Retrieval between all inputs of a shared space: every direction in which some query has a right answer.
public struct RetrievalEvaluation: Evaluation {
    /// Without settings.
    public init() {}

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard model.hasSharedSpace, let samples = try data.samples() else { return nil }
        var directions: [String: Retrieval] = [:]
        for (from, queries) in samples.embeddings {
            for (to, candidates) in samples.embeddings where to != from {
                // Ids have training rows to be left out of the candidates: RecommendationEvaluation.
                if from.kind == .id, to.kind == .id, samples.table.isSplit { continue }
                let answers = samples.items.answers(from: from, to: to)
                guard answers.contains(where: { !$0.isEmpty }) else { continue }
                directions["\(from.name)_to_\(to.name)"] = Retrieval(
                    queries: queries, candidates: candidates, answers: answers)
            }
        }
        guard !directions.isEmpty else {
            if samples.embeddings.keys.allSatisfy({ $0.kind == .id }) { return nil }
            data.note("no held-out row has two inputs that could be read: no retrieval")
            return nil
        }
        return .retrieval(directions)
    }
}
