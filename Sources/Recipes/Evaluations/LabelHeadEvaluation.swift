import ConcordDatasets
public import ConcordEvaluation
import ConcordLayers
import ConcordTensors

/// What a trained head says of the held-out samples: of classes how many are right, of numbers how far they are off.
public struct LabelHeadEvaluation: Evaluation {
    /// Which rows are judged.
    public enum Part: Sendable {
        /// The held-out ones.
        case heldOut
        /// Those that were kept from training (`data.validation`), to choose a checkpoint by or to stop early.
        case validation
    }

    private let part: Part

    /// - Parameter part: which rows are judged.
    public init(of part: Part = .heldOut) { self.part = part }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard let head = model.embedder.model.head, let (table, samples) = try rows(of: data, by: model.embedder),
            let features = try samples.features(of: head.input, by: model.embedder)
        else { return nil }
        let labeled = samples.items.labeled(head.input, head.label, in: table)
        guard !labeled.places.isEmpty else {
            data.note("no held-out sample has a value in column \(head.label)")
            return nil
        }
        let outputs = evaluating { head.outputs(features) }
        switch head.kind {
        case .classes(let names):
            guard let found = try classification(labeled, outputs, names, head.label, data) else { return nil }
            return part == .heldOut ? .classifier([head.label: found]) : .validation([head.label: found])
        case .number:
            let predicted = outputs.scalars
            let truth = try labeled.values.map { Double(try table.number(of: $0, in: head.label)) }
            let found = RegressionMetrics(predicted: labeled.places.map { Double(predicted[$0]) }, truth: truth)
            return part == .heldOut ? .regression([head.label: found]) : .validation([head.label: found])
        }
    }

    private func rows(
        of data: EvaluationData, by embedder: Embedder
    ) throws -> (table: SampleTable, samples: EvaluatedSamples)? {
        guard let table = data.source.table else { return nil }
        switch part {
        case .heldOut: return try data.samples().map { (table, $0) }
        case .validation:
            guard let rows = table.validation else { return nil }
            let own = table.evaluating(rows)
            return (own, try EvaluatedSamples(own, embedder: embedder) { data.leaveOut($0) })
        }
    }

    private func classification(
        _ labeled: (places: [Int], values: [String]), _ outputs: Tensor, _ names: [String], _ label: String,
        _ data: EvaluationData
    ) throws -> Classification? {
        let classes = ClassNames(names), known = Set(names)
        let kept = labeled.places.indices.filter { known.contains(labeled.values[$0]) }
        var unknown: [String: Int] = [:]
        for value in labeled.values where !known.contains(value) { unknown[value, default: 0] += 1 }
        if !unknown.isEmpty { data.leaveOut(unknown, of: label) }
        guard !kept.isEmpty else {
            data.note("label \(label): no held-out sample has a class that the head knows")
            return nil
        }
        let predicted = outputs.argmax(axis: 1).integerScalars
        return Classification(
            predicted: kept.map { Int(predicted[labeled.places[$0]]) },
            truth: try kept.map { Int(try classes.label(of: labeled.values[$0])) }, classes: names)
    }
}

extension EvaluatedSamples {
    /// What the encoder makes of the samples' items of an input, `[N, C]`; nil where there are none.
    func features(of input: RecipeInput, by embedder: Embedder) throws -> Tensor? {
        guard let names = items.names[input], !names.isEmpty else { return nil }
        return try embeddings[input] ?? embedder.texts(names, of: input, features: true)
    }
}
