import ConcordDatasets
public import ConcordEvaluation
import ConcordFiles
import ConcordLayers
import ConcordTensors

/// What the features of a run's encoder say of labels: a linear probe, nearest neighbors, few-label curves and
/// clusters, on rows that were held out.
///
/// ```swift
/// var probe = Probe(try Run("runs/photos"))
/// probe.amounts = [.fraction(0.01), .fraction(0.1)]
/// print(try probe.report(data: "photos").table)
/// ```
/// Features are the encoder's output, or that of one of its layers. They may be kept on disk, for the next call.
public struct Probe: Sendable {
    /// What classifies.
    public enum Classifier: String, Sendable, CaseIterable {
        /// Logistic regression on standardized features.
        case linear
        /// Weighted votes of the nearest neighbors.
        case knn
    }

    /// Whose features.
    public let run: Run
    /// The name of the input that is probed; nil for the first of files, else the first of texts, else the first.
    public var input: String?
    /// Columns of classes; empty for those of the recipe (`data.labels`).
    public var labels: [String] = []
    /// Columns of numbers.
    public var targets: [String] = []
    /// Values that are anomalies, by column: held-out items of them are to be told from the others by their distance from
    /// training items of other values, to the fifth nearest.
    public var anomalies: [String: Set<String>] = [:]
    /// A layer of the encoder in place of its output.
    public var layer: ProbedLayer?
    /// What classifies.
    public var classifiers: Set<Classifier> = [.linear, .knn]
    /// C of the linear probe; nil chooses it by ``ProbeValidation/automatic``.
    public var strength: Double?
    /// Neighbors that vote.
    public var neighbors = 200
    /// How many labels few-label curves have, besides all.
    public var amounts: [LabelAmount] = []
    /// Draws of each amount.
    public var draws = 5
    /// Whether held-out items are clustered, by k-means of as many clusters as there are classes, or of `clusterCount`.
    public var clusters = false
    /// How many clusters; nil for as many as there are classes.
    public var clusterCount: Int?
    /// Where features are kept; nil: nowhere.
    public var directory: String?

    /// Of a run.
    public init(_ run: Run) { self.run = run }

    /// Fits probes on the training rows of the data and tries them on the held-out ones.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - overrides: `key.path=value` of `data`, `views`, `loader` or `batch`.
    ///   - progress: is called with a sentence about what is done next.
    /// - Throws: `RecipeError` where nothing can be probed. A column that does not exist, or has one class, is noted
    ///   and the others are reported, unless no other is left.
    public func report(
        data: String, overrides: [String] = [], progress: (String) -> Void = { _ in }
    ) throws -> ProbeReport {
        let own = labels.isEmpty ? [] : ["data.labels=[]"]
        let (recipe, source) = try run.evaluated(data: data, overrides: overrides + own, isOfAllRows: false)
        guard let table = source.table else {
            throw RecipeError.data(message: "running text has no rows with labels to probe")
        }
        guard table.isSplit else {
            throw RecipeError.data(
                message: "all rows are evaluated, and none are left to fit probes on: give the rule that keeps rows "
                    + "apart, data.split.column=filepath, or a table of its own as data.held_out")
        }
        let input = try probed()
        var embedder = Embedder(model: run.embedder.model, tokenizer: run.tokenizer, ids: run.embedder.ids, recipe: recipe)
        if let layer {
            guard run.embedder.model.showsLayers(of: input) else {
                throw RecipeError.data(
                    message: "the encoder of \(input) does not show its layers; probe its output, without a layer")
            }
            embedder.layer = layer
        }
        let store = FeatureStore(directory: directory)
        let key = FeatureStore.Key(fingerprint: run.fingerprint, input, layer, views: Self.decisive(recipe))
        var notes: [String] = [], unreadable: [UnreadableFile] = []
        progress("features of \(table.train.count) training rows")
        let train = try ProbedItems(
            table.train, of: table, input, by: embedder, store, key: key, notes: &notes, unreadable: &unreadable)
        progress("features of \(table.heldOut.count) held-out rows")
        let heldOut = try ProbedItems(
            table.heldOut, of: table, input, by: embedder, store, key: key, notes: &notes, unreadable: &unreadable)
        var report = ProbeReport(
            rows: table.rule.evaluated, input: input.name, dimension: train.features.shape[1],
            trainingItems: train.features.shape[0], heldOutItems: heldOut.features.shape[0])
        (report.notes, report.unreadable) = (notes, unreadable)
        for name in labels.isEmpty ? recipe.data.labels : labels {
            guard Self.isColumn(name, of: table, &report) else { continue }
            report.labels[name] = try found(name, train, heldOut, &report.notes, progress)
        }
        for name in targets where Self.isColumn(name, of: table, &report) {
            report.targets[name] = try regression(name, train, heldOut, table, &report.notes)
        }
        for name in anomalies.keys.sorted() where Self.isColumn(name, of: table, &report) {
            report.anomalies[name] = detection(of: anomalies[name] ?? [], name, train, heldOut, &report.notes)
        }
        guard !report.labels.isEmpty || !report.targets.isEmpty || !report.anomalies.isEmpty else {
            let why = report.notes.isEmpty ? "data.labels names no column of classes; name one" : report.notes.joined(separator: "; ")
            throw RecipeError.data(message: "there is nothing to probe: \(why)")
        }
        return report
    }

    /// What of a recipe decides features, besides weights and items.
    private static func decisive(_ recipe: Recipe) -> String {
        let kept = ["views:", "precision:", "tokenizer:"]
        var isKept = false
        return recipe.yaml.split(separator: "\n").filter { line in
            if !line.hasPrefix(" ") { isKept = kept.contains(where: line.hasPrefix) }
            return isKept
        }.joined(separator: "\n")
    }

    private static func isColumn(_ name: String, of table: SampleTable, _ report: inout ProbeReport) -> Bool {
        let columns = table.train.columns
        guard columns.contains(name), table.heldOut.columns.contains(name) else {
            report.notes.append(
                "\(table.train.path) has no column \"\(name)\"\(NearestName.hint(for: name, among: columns)); it has "
                    + columns.joined(separator: ", "))
            return false
        }
        return true
    }

    private func probed() throws -> RecipeInput {
        guard let input else {
            guard let first = run.inputs.first(where: \.kind.isFile) ?? run.inputs.first(where: { $0.kind == .text })
                ?? run.inputs.first
            else { throw RecipeError.data(message: "the run embeds nothing that could be probed") }
            return first
        }
        guard let known = run.inputs.first(where: { $0.name == input }) else {
            throw RecipeError.data(
                message: "the run has no input \(input)\(NearestName.hint(for: input, among: run.inputs.map(\.name))); it "
                    + "has \(run.inputs.map(\.name).joined(separator: ", "))")
        }
        return known
    }

    private func found(
        _ name: String, _ train: ProbedItems, _ heldOut: ProbedItems, _ notes: inout [String],
        _ progress: (String) -> Void
    ) throws -> ProbeReport.Label? {
        let fit = train.labeled(name), test = heldOut.labeled(name)
        let classes = ClassNames(Set(fit.values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        guard classes.count > 1 else {
            notes.append(
                "label \(name): the training rows have "
                    + (classes.names.first.map { "one class only (\($0))" } ?? "no value") + ", nothing to tell apart")
            return nil
        }
        let known = Set(classes.names), kept = test.places.indices.filter { known.contains(test.values[$0]) }
        var unknown: [String: Int] = [:]
        for value in test.values where !known.contains(value) { unknown[value, default: 0] += 1 }
        guard !kept.isEmpty else {
            notes.append("label \(name): no held-out item has a value that a training row has")
            return nil
        }
        var label = ProbeReport.Label(classes: classes.count, unknown: unknown)
        let trial = ProbeTrial(
            features: train.features(at: fit.places), labels: try fit.values.map { Int(try classes.label(of: $0)) },
            queries: heldOut.features(at: kept.map { test.places[$0] }),
            truth: try kept.map { Int(try classes.label(of: test.values[$0])) }, classes: classes.names,
            strength: strength, neighbors: neighbors)
        if classifiers.contains(.linear) {
            progress("linear probe of \(name)")
            (label.linear, label.strength) = trial.linear()
        }
        if classifiers.contains(.knn) {
            progress("k-NN of \(name)")
            label.knn = trial.knn()
        }
        if !amounts.isEmpty {
            progress("\(name) with few labels")
            if classifiers.contains(.linear) { label.linearCurve = trial.linearCurve(amounts, draws: draws) }
            if classifiers.contains(.knn) { label.knnCurve = trial.knnCurve(amounts, draws: draws) }
        }
        if clusters {
            progress("clusters of \(name)")
            label.clusters = trial.clusters(count: clusterCount)
        }
        return label
    }

    private func detection(
        of values: Set<String>, _ name: String, _ train: ProbedItems, _ heldOut: ProbedItems, _ notes: inout [String]
    ) -> AnomalyDetection? {
        let known = train.labeled(name), test = heldOut.labeled(name)
        let normal = zip(known.places, known.values).filter { !values.contains($0.1) }.map(\.0)
        let isAnomaly = test.values.map(values.contains)
        guard !normal.isEmpty, isAnomaly.contains(true), isAnomaly.contains(false) else {
            let wanted = values.sorted().joined(separator: ", ")
            notes.append(
                "anomalies of \(name): of the held-out items \(isAnomaly.count { $0 }) of \(isAnomaly.count) are \(wanted), "
                    + "and \(normal.count) training items are not: both kinds are needed")
            return nil
        }
        let distances = NeighborDistances(embeddings: train.features(at: normal))
        return AnomalyDetection(scores: distances.scores(of: heldOut.features(at: test.places)), isAnomaly: isAnomaly)
    }

    private func regression(
        _ name: String, _ train: ProbedItems, _ heldOut: ProbedItems, _ table: SampleTable, _ notes: inout [String]
    ) throws -> RegressionMetrics? {
        let fit = train.labeled(name), test = heldOut.labeled(name)
        guard fit.places.count > 1, !test.places.isEmpty else {
            notes.append("column \(name): \(fit.places.count) training and \(test.places.count) held-out items have a number")
            return nil
        }
        let numbers = try fit.values.map { Double(try table.number(of: $0, in: name)) }
        let truth = try test.values.map { Double(try table.number(of: $0, in: name)) }
        let (probe, _) = RidgeProbe.choosingPenalty(features: train.features(at: fit.places), targets: numbers)
        return RegressionMetrics(predicted: probe.predict(heldOut.features(at: test.places)), truth: truth)
    }
}

extension LabelAmount {
    /// `1 %`, `10 a class`.
    var words: String {
        switch self {
        case .fraction(let fraction): "\(NumberText.brief(fraction * 100)) %"
        case .perClass(let count): "\(count) a class"
        }
    }
}
