import ConcordDatasets
public import ConcordEvaluation
import ConcordTensors

/// Recommendation from each input of ids to each other: held-out pairs are looked for among all ids of the training
/// rows but those that the query has there.
public struct RecommendationEvaluation: Evaluation {
    /// Without settings.
    public init() {}

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        let inputs = model.inputs.filter { $0.kind == .id }
        guard model.hasSharedSpace, inputs.count > 1, let table = data.source.table, table.isSplit else { return nil }
        let embeddings = try inputs.map { input in
            try model.embedder.ids(model.embedder.ids[input]?.ids ?? [], of: input)
        }
        var directions: [String: Recommendation] = [:]
        for (from, queries) in zip(inputs, embeddings) {
            for (to, items) in zip(inputs, embeddings) where from != to {
                let count = queries.shape[0]
                var known = [Set<Int>](repeating: [], count: count), wanted = known
                for (rows, isTrained) in [(table.train, true), (table.heldOut, false)] {
                    for row in rows {
                        guard let query = place(of: from, in: row), let item = place(of: to, in: row) else { continue }
                        if isTrained { known[query].insert(item) } else { wanted[query].insert(item) }
                    }
                }
                for query in known.indices { wanted[query].subtract(known[query]) }
                directions["\(from.name)_to_\(to.name)"] = Recommendation(
                    users: queries, items: items, wanted: wanted, known: known)
            }
        }
        return directions.values.contains { $0.users > 0 } ? .recommendation(directions) : nil

        /// The place of a row's id among those of the model.
        func place(of input: RecipeInput, in row: Row) -> Int? {
            table.field(input, of: row).flatMap { model.embedder.row(of: $0, input) }.map(Int.init)
        }
    }
}
