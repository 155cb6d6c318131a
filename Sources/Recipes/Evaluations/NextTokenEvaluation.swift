import ConcordDatasets
public import ConcordEvaluation
import ConcordLayers
import ConcordObjectives

/// Prediction of each next token of held-out running text, beside the training text's unigram distribution.
public struct NextTokenEvaluation: Evaluation {
    /// Without settings.
    public init() {}

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard let language = model.embedder.model.generator else { return nil }
        guard case .blocks(let train, let heldOut) = data.source else {
            data.note("next tokens are evaluated on running text only (data.kind: text)")
            return nil
        }
        guard let heldOut else {
            data.note("no text is held out: data.held_out names the file to evaluate on")
            return nil
        }
        let batches = heldOut.inOrder(by: model.recipe.batch), metrics = language.evaluate(batches)
        guard metrics.count > 0 else { return nil }
        var unigram = Unigram(size: language.encoder.vocabulary.size)
        for tokens in train.inOrder(by: model.recipe.batch) { unigram.add(tokens) }
        return .nextTokens(
            TokenPrediction(
                crossEntropy: metrics.crossEntropy, perplexity: metrics.perplexity, accuracy: metrics.accuracy,
                tokens: metrics.count, unigramCrossEntropy: unigram.evaluate(next: batches).crossEntropy))
    }
}
