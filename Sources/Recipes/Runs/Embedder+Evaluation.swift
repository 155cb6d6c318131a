import ConcordEvaluation
import ConcordTensors

extension Embedder {
    /// What the held-out part of the data says of the model: a section for each of its evaluations that the data allow.
    /// - Parameters:
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    ///   - isQuick: without the evaluations that wait for the end of training.
    func report(on data: TrainingData, templates: [String]? = nil, isQuick: Bool = false) throws -> EvaluationReport {
        let heldOut = EvaluationData(data, embedder: self, templates: templates ?? [recipe.data.template])
        let evaluated = EvaluatedModel(embedder: self)
        var report = EvaluationReport()
        report.rows = data.table?.rule.evaluated
        for evaluation in model.evaluations where !isQuick || evaluation.runsDuringTraining {
            let section = try withKernels(model.kernels) { try evaluation.evaluate(evaluated, on: heldOut) }
            if let section { report.sections.append(section) }
        }
        if !heldOut.unknownValues.isEmpty { report.sections.append(.unknownValues(heldOut.unknownValues)) }
        if !heldOut.unreadable.isEmpty { report.unreadable = heldOut.unreadable }
        if !heldOut.notes.isEmpty { report.notes = heldOut.notes }
        return report
    }
}
