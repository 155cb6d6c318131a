import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// What probes compare: the labels that `data.labels` names, on the distinct files of the evaluated rows, and the
/// training rows' files to fit on. Of a model without files, on texts.
struct ProbedLabels {
    /// A label that there is something to tell apart of.
    struct Label {
        let name: String
        /// Of all rows.
        let classes: ClassNames
        let samples: (places: [Int], values: [String])
    }

    /// What a classifier of one label is fitted on and tried on.
    struct Fit {
        let label: String
        let classes: ClassNames
        /// `[N, C]` with N class numbers.
        let features: Tensor
        let labels: [Int]
        /// `[M, C]` with M class numbers.
        let queries: Tensor
        let truth: [Int]
    }

    /// Embeddings of the evaluated files, in the shared space where there is one.
    let embeddings: Tensor
    let labels: [Label]
    private let fitted: [Label]
    private let table: SampleTable
    /// The training rows' files, their features and those of the evaluated files; nil where nothing is fitted.
    private var bank: (items: EvaluatedItems, features: Tensor, queries: Tensor)?
    private let input: RecipeInput

    /// - Returns: nil where there is no label, or no file to probe.
    init?(of table: SampleTable, embedder: Embedder, in data: EvaluationData) throws {
        guard !table.settings.labels.isEmpty else {
            if !embedder.model.hasSharedSpace { data.note("no label to probe: data.labels names no column") }
            return nil
        }
        guard let samples = try data.samples(),
            let input = Self.probed(embedder.model.inputs.filter { samples.items.names[$0]?.isEmpty == false }),
            let embeddings = try data.embeddings(of: input)
        else { return nil }
        self.table = table
        self.input = input
        self.embeddings = embeddings
        var labels: [Label] = [], fitted: [Label] = []
        for name in table.settings.labels {
            let all = try table.allClasses(name), known = try table.classes(name)
            guard all.count > 1 else {
                data.note("label \(name): one class only (\(all.names.first ?? "")), nothing to tell apart")
                continue
            }
            let label = Label(name: name, classes: all, samples: samples.items.labeled(input, name, in: table))
            labels.append(label)
            guard table.isSplit else { continue }
            guard known.count > 1 else {
                let only = known.names.first ?? ""
                data.note("label \(name): the training rows have one class only (\(only)), no k-NN or linear probe")
                continue
            }
            fitted.append(label)
        }
        self.labels = labels
        guard table.isSplit else {
            data.note("no k-NN or linear probe: all rows are evaluated, and none are left to fit them on")
            self.fitted = []
            return
        }
        self.fitted = fitted.filter { Self.hasKnownValues($0, in: table, data) }
        guard !self.fitted.isEmpty else { return }
        bank = try Self.bank(table, input, samples, embeddings, embedder, data)
    }

    /// The first input of files, else the first of texts.
    private static func probed(_ inputs: [RecipeInput]) -> RecipeInput? {
        inputs.first(where: \.kind.isFile) ?? inputs.first { $0.kind == .text }
    }

    /// Counts the samples whose value no training row has. False where that is all of them.
    private static func hasKnownValues(_ label: Label, in table: SampleTable, _ data: EvaluationData) -> Bool {
        guard let known = try? Set(table.classes(label.name).names) else { return false }
        var unknown: [String: Int] = [:]
        for value in label.samples.values where !known.contains(value) { unknown[value, default: 0] += 1 }
        guard !unknown.isEmpty else { return true }
        data.leaveOut(unknown, of: label.name)
        guard unknown.values.reduce(0, +) == label.samples.values.count else { return true }
        data.note(
            "label \(label.name): no held-out sample has a value that a training row has, so no k-NN or linear probe")
        return false
    }

    /// Embeds the training rows' files, and the evaluated ones again where what is at hand are not the features.
    private static func bank(
        _ table: SampleTable, _ input: RecipeInput, _ samples: EvaluatedSamples, _ embeddings: Tensor,
        _ embedder: Embedder, _ data: EvaluationData
    ) throws -> (items: EvaluatedItems, features: Tensor, queries: Tensor) {
        var items = EvaluatedItems(Array(table.train), of: table, [input])
        let names = items.names[input] ?? []
        guard input.kind.isFile else {
            let features = try embedder.texts(names, of: input, features: true)
            guard embedder.model.hasSharedSpace else { return (items, features, embeddings) }
            let queries = try embedder.texts(samples.items.names[input] ?? [], of: input, features: true)
            return (items, features, queries)
        }
        let (features, readable, unreadable) = try embedder.readableFiles(
            names, input, items.segments(of: input), features: true)
        data.leaveOut(unreadable)
        items.keep(readable, of: input)
        guard embedder.model.hasSharedSpace else { return (items, features, embeddings) }
        let queries = try embedder.readableFiles(
            samples.items.names[input] ?? [], input, samples.items.segments(of: input), features: true)
        return (items, features, queries.embeddings)
    }

    /// Fits a classifier of each label on the training rows' files and tries it on the evaluated ones.
    /// - Parameter predict: from a fit to a class of each of its queries, with their probabilities `[N, K]` where the
    ///   classifier has some.
    /// - Returns: by label; nil where no label can be fitted.
    func classifications(
        _ predict: (Fit) -> (classes: [Int], probabilities: Tensor?)
    ) throws -> [String: Classification]? {
        guard let bank else { return nil }
        var result: [String: Classification] = [:]
        for label in fitted {
            let fit = try fit(label, bank.items, bank.features, bank.queries)
            let (classes, probabilities) = predict(fit)
            result[label.name] = Classification(
                predicted: classes, truth: fit.truth, classes: fit.classes.names,
                probabilities: probabilities.map { ProbabilityMetrics(probabilities: $0, truth: fit.truth) })
        }
        return result
    }

    private func fit(_ label: Label, _ items: EvaluatedItems, _ features: Tensor, _ queries: Tensor) throws -> Fit {
        let classes = try table.classes(label.name), known = Set(classes.names)
        let train = items.labeled(input, label.name, in: table)
        let kept = label.samples.places.indices.filter { known.contains(label.samples.values[$0]) }
        return Fit(
            label: label.name, classes: classes, features: Self.rows(train.places, of: features),
            labels: try train.values.map { Int(try classes.label(of: $0)) },
            queries: Self.rows(kept.map { label.samples.places[$0] }, of: queries),
            truth: try kept.map { Int(try classes.label(of: label.samples.values[$0])) })
    }

    private static func rows(_ places: [Int], of matrix: Tensor) -> Tensor {
        if places.elementsEqual(0..<matrix.shape[0]) { return matrix }
        return matrix.gathered(at: Tensor(places.map { Int32(truncatingIfNeeded: $0) }, shape: [places.count]), axis: 0)
    }
}
