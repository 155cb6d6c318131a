public import ConcordEvaluation
import ConcordTensors

/// How the embeddings of the held-out items fill their space: uniformity and effective rank of each input, which need
/// no labels and show a collapse; in a shared space the alignment of the rows' pairs too.
///
/// Embeddings are those of ``EvaluationData/items(of:)``: in the shared space where there is one, else the encoder's
/// output. `checkpoint.best` may name `embedding_geometry.image.effective_rank`.
public struct EmbeddingGeometryEvaluation: Evaluation {
    public let runsDuringTraining: Bool

    /// - Parameter runsDuringTraining: whether it is also made while a run trains.
    public init(runsDuringTraining: Bool = true) { self.runsDuringTraining = runsDuringTraining }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard let samples = try data.samples() else { return nil }
        var clouds: [String: EmbeddingGeometry.Cloud] = [:], alignment: [String: Alignment] = [:]
        for input in model.inputs {
            guard let embeddings = try data.embeddings(of: input), embeddings.shape[0] > 1 else { continue }
            clouds[input.name] = EmbeddingGeometry.Cloud(embeddings)
        }
        if model.hasSharedSpace {
            for (place, first) in model.inputs.enumerated() {
                for second in model.inputs[(place + 1)...] {
                    let pairs = samples.items.pairs(of: first, with: second)
                    guard !pairs.isEmpty, let a = samples.embeddings[first], let b = samples.embeddings[second] else {
                        continue
                    }
                    alignment["\(first.name)_\(second.name)"] = Alignment(a, b, pairs: pairs)
                }
            }
        }
        guard !clouds.isEmpty else { return nil }
        return .embeddingGeometry(EmbeddingGeometry(inputs: clouds, alignment: alignment))
    }
}
