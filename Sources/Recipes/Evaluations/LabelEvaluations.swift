import ConcordDatasets
public import ConcordEvaluation
import ConcordTensors

/// Zero-shot classification of files by sentences about the classes, for each column of `data.labels`.
public struct ZeroShotEvaluation: Evaluation {
    public let runsDuringTraining: Bool

    /// - Parameter runsDuringTraining: whether it is also made while a run trains.
    public init(runsDuringTraining: Bool = false) { self.runsDuringTraining = runsDuringTraining }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard model.hasSharedSpace, model.inputs.contains(where: { $0.kind == .text }), let probed = try data.labels()
        else { return nil }
        var found: [String: Classification] = [:]
        for label in probed.labels {
            let classes = label.classes
            let shot = try ZeroShot(classes: classes.names, templates: data.templates) { try model.embed(texts: $0) }
            let predicted = shot.classify(probed.embeddings)
            found[label.name] = Classification(
                predicted: label.samples.places.map { predicted[$0] },
                truth: try label.samples.values.map { Int(try classes.label(of: $0)) }, classes: classes.names)
        }
        return found.isEmpty ? nil : .zeroShot(found)
    }
}

/// Classification by the nearest neighbors among the training rows' files, for each column of `data.labels`.
public struct NearestNeighborsEvaluation: Evaluation {
    public let runsDuringTraining: Bool

    /// - Parameter runsDuringTraining: whether it is also made while a run trains.
    public init(runsDuringTraining: Bool = true) { self.runsDuringTraining = runsDuringTraining }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        let found = try data.labels()?.classifications { fit in
            let neighbors = NearestNeighbors(
                embeddings: fit.features, labels: fit.labels, classes: fit.classes.count)
            return (neighbors.classify(fit.queries), nil)
        }
        return found.map(EvaluationSection.knn)
    }
}

/// A linear probe fitted on the training rows' files, for each column of `data.labels`.
public struct LinearProbeEvaluation: Evaluation {
    public let runsDuringTraining: Bool

    /// - Parameter runsDuringTraining: whether it is also made while a run trains.
    public init(runsDuringTraining: Bool = true) { self.runsDuringTraining = runsDuringTraining }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        let found = try data.labels()?.classifications { fit in
            let probe = LinearProbe(features: fit.features, labels: fit.labels, classes: fit.classes.count)
            let logits = probe.logits(fit.queries)
            return (logits.argmax(axis: 1).integerScalars.map(Int.init), logits.softmax(axis: 1))
        }
        return found.map(EvaluationSection.linearProbe)
    }
}
