public import ConcordEvaluation
import ConcordFiles

/// What probes found of a run's features: per label column, as JSON under its name.
///
///     {
///       "rows": {"table": …, "evaluated": 1191, "total": 9727, "rule": …}, "input": "text", "dimension": 256,
///       "training_items": 8536, "held_out_items": 1191,
///       "labels": {"section": {
///         "classes": 24, "linear": {"accuracy": …, …}, "strength": 0.1, "knn": {…},
///         "linear_curve": {"points": [{"amount": …, "count": 85, "scores": [0.41, …], "mean": …, "std": …,
///                                      "interval": …}]}, "knn_curve": {…},
///         "clusters": {"nmi": …, "ari": …, "purity": …, "accuracy": …}}},
///       "anomalies": {"section": {"auroc": …, "average_precision": …, "anomalies": 12, "normal": 1179}},
///       "targets": {"price": {"mae": …, "rmse": …, "r2": …, "count": 100}},
///       "notes": ["…"], "unreadable": [{"name": …, "reason": …}]
///     }
public struct ProbeReport: Sendable, Codable {
    /// What probes of one label column found.
    public struct Label: Sendable, Codable {
        /// Classes of the training rows.
        public let classes: Int
        /// The linear probe and the nearest neighbors on all labels; nil where they were not asked for.
        public internal(set) var linear, knn: Classification?
        /// The linear probe's C.
        public internal(set) var strength: Double?
        /// With few labels, as they were asked for, over several draws; nil where they were not.
        public internal(set) var linearCurve, knnCurve: FewLabelCurve?
        /// How clusters of the held-out items, made without labels, agree with the classes.
        public internal(set) var clusters: ClusteringAgreement?
        /// Held-out items of each value that no training row has: they are left out.
        public let unknown: [String: Int]

        enum CodingKeys: String, CodingKey {
            case classes, linear, knn, strength, clusters, unknown
            case linearCurve = "linear_curve"
            case knnCurve = "knn_curve"
        }
    }

    /// Which rows were evaluated.
    public let rows: EvaluatedRows
    /// What was probed.
    public let input: String
    /// Size C of a feature.
    public let dimension: Int
    /// Distinct items that probes are fitted on, and those that they are tried on.
    public let trainingItems, heldOutItems: Int
    /// By column.
    public internal(set) var labels: [String: Label] = [:]
    /// By column: how well distances from normal training items tell its anomalies.
    public internal(set) var anomalies: [String: AnomalyDetection] = [:]
    /// By column of numbers: ridge regression.
    public internal(set) var targets: [String: RegressionMetrics] = [:]
    /// What was left out and why, a sentence each.
    public internal(set) var notes: [String] = []
    /// Files that could not be read.
    public internal(set) var unreadable: [UnreadableFile] = []

    enum CodingKeys: String, CodingKey {
        case rows, input, dimension, labels, anomalies, targets, notes, unreadable
        case trainingItems = "training_items"
        case heldOutItems = "held_out_items"
    }

    init(rows: EvaluatedRows, input: String, dimension: Int, trainingItems: Int, heldOutItems: Int) {
        (self.rows, self.input, self.dimension) = (rows, input, dimension)
        (self.trainingItems, self.heldOutItems) = (trainingItems, heldOutItems)
    }

    /// As people read it.
    public var table: String {
        var lines = [
            rows.description,
            "\(trainingItems) items of \(input) to fit on, \(heldOutItems) to try on, \(dimension) numbers each",
        ]
        lines += unreadable.prefix(5).map { "unreadable: \($0.name): \($0.reason)" }
        if unreadable.count > 5 { lines.append("unreadable: and \(unreadable.count - 5) more") }
        for (name, label) in labels.sorted(by: { $0.key < $1.key }) { lines += ["", ""] + text(of: label, name) }
        if !anomalies.isEmpty {
            var table = AlignedTable()
            table.append("anomalies by distance", ["AUROC", "average precision", "anomalies", "normal"])
            for (name, found) in anomalies.sorted(by: { $0.key < $1.key }) {
                let numbers = [found.auroc, found.averagePrecision].map { $0.map { NumberText.fixed($0, decimals: 3) } ?? "-" }
                table.append(name, numbers + [String(found.anomalies), String(found.normal)])
            }
            lines += [""] + table.lines()
        }
        if !targets.isEmpty {
            var table = AlignedTable()
            table.append("ridge regression", ["MAE", "RMSE", "R2", "samples"])
            for (name, found) in targets.sorted(by: { $0.key < $1.key }) {
                table.append(
                    name,
                    [
                        NumberText.brief(found.mae), NumberText.brief(found.rmse),
                        found.r2.map { NumberText.fixed($0, decimals: 3) } ?? "-", String(found.count),
                    ])
            }
            lines += [""] + table.lines()
        }
        if !notes.isEmpty { lines += [""] + notes.map { "note: \($0)" } }
        return lines.joined(separator: "\n").replacing("\n\n\n", with: "\n\n")
    }

    private func text(of label: Label, _ name: String) -> [String] {
        func number(_ value: Double?) -> String { value.map { NumberText.fixed($0, decimals: 3) } ?? "-" }
        var table = AlignedTable()
        table.append("\(name), \(label.classes) classes", ["accuracy", "balanced", "macro F1", "samples"])
        for (title, found) in [("linear probe", label.linear), ("k-NN", label.knn)] {
            guard let found else { continue }
            let samples = found.confusion.reduce(0) { $0 + $1.reduce(0, +) }
            let strength = title == "linear probe" ? label.strength.map { ", C = \(NumberText.brief($0))" } ?? "" : ""
            table.append(
                title + strength,
                [number(found.accuracy), number(found.balancedAccuracy), number(found.macroF1), String(samples)])
        }
        var lines = table.lines()
        let curves = [("linear probe", label.linearCurve), ("k-NN", label.knnCurve)].compactMap { title, curve in
            curve.map { (title, $0.points) }
        }
        if let first = curves.first {
            var table = AlignedTable()
            table.append("\(name), few labels", ["rows"] + curves.flatMap { [$0.0, "95 %"] } + ["draws"])
            for (place, point) in first.1.enumerated() {
                let found = curves.map { $0.1[place] }
                var cells = [String(point.count)]
                for point in found {
                    cells.append(number(point.mean))
                    cells.append(point.interval.map { "± " + number($0) } ?? "-")
                }
                table.append(point.amount.words, cells + [String(point.scores.count)])
            }
            lines += [""] + table.lines()
            if let short = first.1.max(by: { $0.shortClassCount < $1.shortClassCount }), short.shortClassCount > 0 {
                lines.append(
                    "\(short.shortClassCount) of \(label.classes) classes have fewer labels than \(short.amount.words)")
            }
        }
        if let clusters = label.clusters {
            var table = AlignedTable()
            table.append("\(name), \(clusters.clusters) clusters", ["NMI", "ARI", "purity", "accuracy"])
            table.append(
                "k-means",
                [
                    clusters.normalizedMutualInformation, clusters.adjustedRandIndex, clusters.purity,
                    clusters.accuracy,
                ].map { number($0) })
            lines += [""] + table.lines()
        }
        let left = label.unknown.values.reduce(0, +)
        if left > 0 {
            let named = label.unknown.sorted { $0.key < $1.key }.prefix(5).map { "\"\($0.key)\" (\($0.value))" }
            lines.append(
                "\(left) held-out \(left == 1 ? "item has a value" : "items have values") that no training row has, "
                    + "left out: \(named.joined(separator: ", "))" + (label.unknown.count > 5 ? ", …" : ""))
        }
        return lines
    }
}
