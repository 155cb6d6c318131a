import ConcordDatasets
public import ConcordEvaluation
import ConcordLayers
import ConcordObjectives

/// Prediction of masked tokens of held-out running text, the same ones each time, beside the training text's unigram
/// distribution on them.
public struct MaskedWordsEvaluation: Evaluation {
    /// Without settings.
    public init() {}

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard case .blocks(let train, let heldOut) = data.source else {
            if model.inputs.allSatisfy({ $0.kind == .text }) {
                data.note("masked words are evaluated on running text only (data.kind: text)")
            }
            return nil
        }
        guard let heldOut else {
            data.note("no text is held out: data.held_out names the file to evaluate on")
            return nil
        }
        guard let masked = model.embedder.model.masked else {
            data.note("the objective predicts no masked words: running text is not evaluated")
            return nil
        }
        let batches = heldOut.inOrder(by: model.recipe.batch)
        let metrics = masked.evaluate(batches)
        let vocabulary = masked.encoder.vocabulary
        let edges = Set([vocabulary.start, vocabulary.end].compactMap { $0 })  // around texts that are lines
        var unigram = Unigram(size: vocabulary.size, excluding: edges)
        for tokens in train.inOrder(by: model.recipe.batch) { unigram.add(tokens) }
        let baseline = unigram.evaluate(batches, masking: masked.masking, vocabulary: vocabulary)
        return .maskedWords(
            TokenPrediction(
                crossEntropy: metrics.crossEntropy, perplexity: metrics.perplexity, accuracy: metrics.accuracy,
                tokens: metrics.count, unigramCrossEntropy: baseline.crossEntropy))
    }
}
