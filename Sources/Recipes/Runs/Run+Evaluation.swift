import ConcordDatasets
public import ConcordEvaluation

extension Run {
    /// What held-out samples say of the model.
    ///
    /// Evaluated are the rows that the recipe holds out (`data.split` or `data.held_out`). A table that is not the one
    /// trained on is evaluated whole, unless `overrides` say which of its rows to take: the rule that kept rows from
    /// training means nothing there. Two tables are the same if the one has more than half of the rows that the other
    /// was trained on. `report.rows` says what was taken.
    ///
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    ///   - overrides: `key.path=value` of `data`, `views`, `loader` or `batch`.
    ///   - isOfAllRows: whether every row of `data.path` is evaluated, held out or not.
    /// - Throws: what is wrong with the data, or why there is nothing to report.
    public func evaluate(
        data: String, templates: [String]? = nil, overrides: [String] = [], isOfAllRows: Bool = false
    ) throws -> EvaluationReport {
        let (recipe, evaluated) = try self.evaluated(data: data, overrides: overrides, isOfAllRows: isOfAllRows)
        var report = try Embedder(
            model: embedder.model, tokenizer: tokenizer, ids: embedder.ids, recipe: recipe
        ).report(on: evaluated, templates: templates)
        if let table = evaluated.table, let isTrained = trainedRows?.compare(table.heldOut, of: table).isTrained {
            report.rows?.trainedOn = isTrained.count { $0 }
        }
        if let exclusion = evaluated.table?.exclusion { report.notes = [exclusion.notice] + (report.notes ?? []) }
        if report.isEmpty {
            throw RecipeError.data(
                message: "there is nothing to report: "
                    + ((report.notes ?? []) + [report.rows?.description].compactMap { $0 })
                    .joined(separator: "; "))
        }
        return report
    }

    /// The rows to evaluate, and the recipe as overridden.
    func evaluated(data: String, overrides: [String], isOfAllRows: Bool) throws -> (Recipe, TrainingData) {
        let recipe = try overridden(by: overrides)
        let isRuleGiven = overrides.contains { $0.hasPrefix("data.split") || $0.hasPrefix("data.held_out") }
        let choice =
            isOfAllRows
            ? RowChoice.all(because: "as asked") : isRuleGiven ? .heldOut : try choice(for: recipe.data, in: data)
        return (recipe, try TrainingData.evaluated(recipe, data: data, tokenizer: tokenizer, choice: choice))
    }

    /// The held-out rows of the table that was trained on, whether or not it has grown since; all of another one.
    private func choice(for settings: DataSettings, in data: String) throws -> RowChoice {
        guard settings.kind != .text, let trainedRows, settings.split != nil || settings.heldOut != nil else {
            return .heldOut
        }
        // Parts of videos are rows of their own: those to train on are looked for.
        let isOfParts = settings.split?.last != nil
        let table = try SampleTable(settings, root: data, choice: isOfParts ? .heldOut : .all(because: ""))
        let rows = isOfParts ? table.train : table.heldOut
        guard trainedRows.compare(rows, of: table).found <= 0.5 else { return .heldOut }
        return .all(because: "since this is not the table that was trained on (\(trainedRows.table))")
    }

    private func overridden(by overrides: [String]) throws -> Recipe {
        guard !overrides.isEmpty else { return recipe }
        let allowed = ["data", "views", "loader", "batch"]
        for override in overrides {
            let key = override.prefix { $0 != "=" }
            guard let first = key.split(separator: ".").first, allowed.contains(String(first)) else {
                throw RecipeError.invalid(
                    source: "override", line: nil, key: String(key),
                    message: "belongs to the trained model; an evaluation can change \(allowed.joined(separator: ", "))"
                )
            }
        }
        let changed = try Recipe(yaml: recipe.yaml, source: "recipe.yaml", overrides: overrides)
        guard Set(changed.data.columns.keys) == Set(recipe.data.columns.keys) else {
            throw RecipeError.invalid(
                source: "override", line: nil, key: "data.columns",
                message: "the model was trained with other inputs")
        }
        return changed
    }
}
