import ConcordFiles
import ConcordLayers

extension EvaluationSection {
    /// What a trained head says of numbers, by target column.
    public static func regression(_ targets: [String: RegressionMetrics]) -> EvaluationSection {
        regression(Name.regression, targets)
    }

    /// What a trained head says of numbers of the rows kept for validation, by target column.
    public static func validation(_ targets: [String: RegressionMetrics]) -> EvaluationSection {
        regression(Name.validation, targets)
    }

    private static func regression(_ name: String, _ targets: [String: RegressionMetrics]) -> EvaluationSection {
        let sorted = targets.sorted { $0.key < $1.key }
        return EvaluationSection(
            name: name,
            metrics: sorted.flatMap { target, found in
                [
                    Metric("\(name).\(target).mae", found.mae, isBetter: .lower),
                    Metric("\(name).\(target).rmse", found.rmse, isBetter: .lower),
                ] + (found.r2.map { [Metric("\(name).\(target).r2", $0, isBetter: .higher)] } ?? [])
            },
            table: EvaluationTable(
                columns: ["regression", "MAE", "RMSE", "R2", "samples"],
                rows: sorted.map { target, found in
                    ["\(name) of \(target)", NumberText.brief(found.mae), NumberText.brief(found.rmse)]
                        + [found.r2.map { NumberText.fixed($0, decimals: 3) } ?? "-", String(found.count)]
                }),
            content: targets)
    }
}
