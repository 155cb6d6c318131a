import ConcordDatasets
public import ConcordEvaluation
import ConcordLayers
import ConcordTensors

/// What a trained head says of the held-out samples: of classes how many are right, of numbers how far they are off.
public struct LabelHeadEvaluation: Evaluation {
    /// Without settings.
    public init() {}

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard let head = model.embedder.model.head, let samples = try data.samples(), let table = data.source.table,
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
            let classes = ClassNames(names), known = Set(names)
            let kept = labeled.places.indices.filter { known.contains(labeled.values[$0]) }
            var unknown: [String: Int] = [:]
            for value in labeled.values where !known.contains(value) { unknown[value, default: 0] += 1 }
            if !unknown.isEmpty { data.leaveOut(unknown, of: head.label) }
            guard !kept.isEmpty else {
                data.note("label \(head.label): no held-out sample has a class that the head knows")
                return nil
            }
            let predicted = outputs.argmax(axis: 1).integerScalars
            return .classifier([
                head.label: Classification(
                    predicted: kept.map { Int(predicted[labeled.places[$0]]) },
                    truth: try kept.map { Int(try classes.label(of: labeled.values[$0])) }, classes: names)
            ])
        case .number:
            let predicted = outputs.scalars
            let truth = try labeled.values.map { try table.number(of: $0, in: head.label) }
            return .regression([
                head.label: Regression(
                    predicted: labeled.places.map { Double(predicted[$0]) }, truth: truth.map(Double.init))
            ])
        }
    }
}

extension EvaluatedSamples {
    /// What the encoder makes of the samples' items of an input, `[N, C]`; nil where there are none.
    func features(of input: RecipeInput, by embedder: Embedder) throws -> Tensor? {
        guard let names = items.names[input], !names.isEmpty else { return nil }
        return try embeddings[input] ?? embedder.texts(names, of: input, features: true)
    }
}
