public import ConcordEvaluation
public import ConcordObjectives
public import ConcordTensors

/// A part of what is evaluated of a model: retrieval, a probe, or a measure of one's own.
///
/// A ``TrainingTask`` lists those of its objective; a recipe of one's own adds to them:
///
/// ```swift
/// struct Spread: Evaluation {
///     func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
///         guard let images = try data.items(of: .image) else { return nil }
///         return EvaluationSection("spread", [Metric("std", spread(images.embeddings), isBetter: .higher)])
///     }
/// }
///
/// var task = TrainingTask(objective, embedders: [.image: .images(encoder)])
/// task.evaluations.append(Spread())
/// ```
///
/// Its metrics are logged with the others, and `checkpoint.best` and `early_stopping.metric` may name one:
/// `spread.std`.
public protocol Evaluation: Sendable {
    /// Whether it is also made while a run trains; false leaves it to `Run.evaluate`.
    var runsDuringTraining: Bool { get }

    /// Evaluates in evaluation mode.
    /// - Returns: nil where the data do not allow it; ``EvaluationData/note(_:)`` says why, where a user may wonder.
    func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection?
}

extension Evaluation {
    public var runsDuringTraining: Bool { true }
}

/// The model that is evaluated, and what it can do.
public struct EvaluatedModel: Sendable {
    let embedder: Embedder

    /// The recipe that it was trained by.
    public var recipe: Recipe { embedder.recipe }
    /// The objective with its parameters.
    public var objective: any Objective<MultimodalBatch> { embedder.model.objective }
    /// What can be embedded, in the recipe's order.
    public var inputs: [RecipeInput] { embedder.model.inputs }
    /// Whether the inputs have one space, in which they can be compared.
    public var hasSharedSpace: Bool { embedder.model.hasSharedSpace }

    /// Embeddings of sentences by the first input of texts, `[N, D]`.
    /// - Throws: where the model reads no text.
    public func embed(texts: [String]) throws -> Tensor { try embedder.texts(texts) }
}

extension TrainingTask {
    /// What the abilities of a model allow. Probes of a model with a shared space wait for the end of its training:
    /// retrieval says enough meanwhile.
    static func evaluations(
        of inputs: some Sequence<RecipeInput>, hasSharedSpace: Bool, predictsTokens: Bool
    ) -> [any Evaluation] {
        let hasFiles = inputs.contains(where: \.kind.isFile), hasTexts = inputs.contains { $0.kind == .text }
        var result: [any Evaluation] = []
        if hasSharedSpace { result.append(RetrievalEvaluation()) }
        if hasSharedSpace, inputs.contains(where: { $0.kind == .id }) { result.append(RecommendationEvaluation()) }
        if hasSharedSpace, hasTexts { result.append(ZeroShotEvaluation()) }
        if hasFiles || hasTexts {
            result.append(NearestNeighborsEvaluation(runsDuringTraining: !hasSharedSpace))
            result.append(LinearProbeEvaluation(runsDuringTraining: !hasSharedSpace))
        }
        if predictsTokens { result.append(MaskedWordsEvaluation()) }
        if hasFiles || hasTexts || inputs.contains(where: { $0.kind == .id }) {
            result.append(EmbeddingGeometryEvaluation())
        }
        return result
    }
}
