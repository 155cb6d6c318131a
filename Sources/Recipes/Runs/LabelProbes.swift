import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// Zero-shot, k-NN and linear probes of the labels that `data.labels` names, on the distinct files of the evaluated
/// rows.
struct LabelProbes {
    let embedder: Embedder
    let table: SampleTable
    let items: EvaluatedItems
    let input: RecipeInput
    /// Sentences for zero-shot.
    let templates: [String]

    /// A label that there is something to tell apart of.
    private struct Label {
        let name: String
        let samples: (places: [Int], values: [String])
    }

    /// - Parameter embeddings: of the evaluated files of `modality`, in the shared space where there is one.
    func add(to report: inout EvaluationReport, embeddings: Tensor?) throws {
        guard let embeddings else { return }
        var probed: [Label] = []
        for name in table.settings.labels {
            let all = try table.allClasses(name), known = try table.classes(name)
            let label = Label(name: name, samples: items.labeled(input, name, in: table))
            guard all.count > 1 else {
                report.note("label \(name): one class only (\(all.names.first ?? "")), nothing to tell apart")
                continue
            }
            try zeroShot(label, all, embeddings, into: &report)
            guard table.isSplit else { continue }
            guard known.count > 1 else {
                report.note(
                    """
                        label \(name): the training rows have one class only (\(known.names.first ?? "")), no k-NN or \
                        linear probe
                        """
                )
                continue
            }
            probed.append(label)
        }
        guard table.isSplit else {
            report.note("no k-NN or linear probe: all rows are evaluated, and none are left to fit them on")
            return
        }
        try fit(probed.filter { hasKnownValues($0, into: &report) }, embeddings, into: &report)
    }

    private func zeroShot(
        _ label: Label, _ classes: ClassNames, _ embeddings: Tensor, into report: inout EvaluationReport
    ) throws {
        guard embedder.model.hasSharedSpace, embedder.model.input(.text) != nil else { return }
        let shot = try ZeroShot(classes: classes.names, templates: templates) { try embedder.texts($0) }
        let predicted = shot.classify(embeddings)
        let truth = try label.samples.values.map { Int(try classes.label(of: $0)) }
        var found = report.zeroShot ?? [:]
        found[label.name] = Classification(
            predicted: label.samples.places.map { predicted[$0] }, truth: truth, classes: classes.names)
        report.zeroShot = found
    }

    /// Counts the samples whose value no training row has. False where that is all of them.
    private func hasKnownValues(_ label: Label, into report: inout EvaluationReport) -> Bool {
        guard let known = try? Set(table.classes(label.name).names) else { return false }
        var unknown: [String: Int] = [:]
        for value in label.samples.values where !known.contains(value) { unknown[value, default: 0] += 1 }
        guard !unknown.isEmpty else { return true }
        var all = report.unknownValues ?? [:]
        all[label.name] = unknown
        report.unknownValues = all
        guard unknown.values.reduce(0, +) == label.samples.values.count else { return true }
        report.note(
            "label \(label.name): no held-out sample has a value that a training row has, so no k-NN or linear probe")
        return false
    }

    /// Fits k-NN and a linear probe of each label on the training rows' files.
    private func fit(_ labels: [Label], _ embeddings: Tensor, into report: inout EvaluationReport) throws {
        guard !labels.isEmpty else { return }
        var bank = EvaluatedItems(Array(table.train), of: table, [input])
        let (features, readable, unreadable) = try embedder.readableFiles(
            bank.names[input] ?? [], input, bank.segments(of: input), features: true)
        if !unreadable.isEmpty { report.unreadable = (report.unreadable ?? []) + unreadable }
        bank.keep(readable, of: input)
        let queries =
            !embedder.model.hasSharedSpace
            ? embeddings
            : try embedder.readableFiles(
                items.names[input] ?? [], input, items.segments(of: input), features: true
            ).embeddings
        for label in labels {
            let classes = try table.classes(label.name), known = Set(classes.names)
            let train = bank.labeled(input, label.name, in: table)
            let kept = label.samples.places.indices.filter { known.contains(label.samples.values[$0]) }
            let x = Self.rows(train.places, of: features),
                q = Self.rows(kept.map { label.samples.places[$0] }, of: queries)
            let y = try train.values.map { Int(try classes.label(of: $0)) }
            let truth = try kept.map { Int(try classes.label(of: label.samples.values[$0])) }
            func add(_ predicted: [Int], to part: inout [String: Classification]?) {
                var found = part ?? [:]
                found[label.name] = Classification(predicted: predicted, truth: truth, classes: classes.names)
                part = found
            }
            add(NearestNeighbors(embeddings: x, labels: y, classes: classes.count).classify(q), to: &report.knn)
            add(LinearProbe(features: x, labels: y, classes: classes.count).classify(q), to: &report.linearProbe)
        }
    }

    private static func rows(_ places: [Int], of matrix: Tensor) -> Tensor {
        if places.elementsEqual(0..<matrix.shape[0]) { return matrix }
        return matrix.gathered(at: Tensor(places.map { Int32(truncatingIfNeeded: $0) }, shape: [places.count]), axis: 0)
    }
}
