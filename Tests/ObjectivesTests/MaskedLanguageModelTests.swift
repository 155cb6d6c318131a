import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct MaskedLanguageModelTests {
    private let vocabulary = Vocabulary(size: 30, padding: 0, unknown: 1, start: 2, end: 3, mask: 4)
    private let texts: [[Int32]] = [[2, 9, 8, 7, 11, 3], [2, 20, 21, 3], [2, 3], [2, 5, 6, 7, 8, 9, 10, 11, 12, 3]]

    private func model(dropout: Float = 0) -> MaskedLanguageModel {
        MaskedLanguageModel(
            TextTransformer(
                vocabulary: vocabulary, width: 8, depth: 1, heads: 2, context: 16, dropout: dropout,
                embeddingDropout: dropout,
                initialization: .plain(width: 8, tokens: 0.02))
        ).initialize(seed: 4)
    }

    private func tokens(_ texts: [[Int32]]? = nil, length: Int = 10) -> Tokens {
        Tokens(texts ?? self.texts, length: length, padding: 0)
    }

    private func keys(_ count: Int) -> [RandomKey] { (0..<count).map { RandomKey(seed: 2).derived($0) } }

    @Test func keysAreThoseOfTheEncoderAndOfRoBERTasHead() {
        let paths = ParameterWalk(model()).parameters.map(\.path)
        #expect(paths.prefix(2) == ["encoder.token_embedding.weight", "encoder.positional_embedding"])
        #expect(
            paths.suffix(5) == [
                "lm_head.dense.weight", "lm_head.dense.bias", "lm_head.layer_norm.weight", "lm_head.layer_norm.bias",
                "lm_head.bias",
            ])
    }

    @Test func theLossIsTheMeanOverHiddenTokens() {
        let model = model(), masked = Masking.bert(tokens(), vocabulary: vocabulary, keys: keys(4))
        let loss = withSampleKeys(keys(4)) { model(tokens()) }
        #expect(loss.total.item == model(masked).total.item)
        #expect(loss.metrics.map(\.name) == ["accuracy", "perplexity"])
        #expect(abs(loss.metrics[1].value.item - exp(loss.total.item)) < 1e-3)
        let (features, mask) = model.encoder.features(masked.tokens)
        let steps = model.encoder.context(features, mask: mask).reshaped([-1, 8]).gathered(at: masked.positions)
        let logits = model.head(steps, table: model.encoder.tokenTable.value)
        #expect(abs(logits.crossEntropy(labels: masked.targets).item - loss.total.item) < 1e-5)
    }

    @Test func atChanceItIsLnV() {
        let model = model()
        for (path, parameter) in ParameterWalk(model).parameters where path == "encoder.token_embedding.weight" {
            parameter.assign(Tensor(zeros: parameter.shape))
        }
        #expect(abs(model(tokens()).total.item - log(30)) < 1e-5)
    }

    @Test func theOrderOfABatchAndPaddingDoNotMatter() {
        let model = model(), keys = keys(4), order = [2, 0, 3, 1]
        let loss = withSampleKeys(keys) { model(tokens()).total.item }
        let permuted = withSampleKeys(order.map { keys[$0] }) { model(tokens(order.map { texts[$0] })).total.item }
        let padded = withSampleKeys(keys) { model(tokens(length: 16)).total.item }
        #expect(abs(loss - permuted) < 1e-5)
        #expect(abs(loss - padded) < 1e-5)
    }

    @Test func withoutAMaskableTokenTheLossIsZero() {
        let (loss, gradients) = valueWithGradient { model()(tokens([[2, 3], [2, 1, 3]])) }
        #expect(loss.total.item == 0 && gradients.count == 0)
        #expect(model().evaluate([tokens([[2, 3]])]).count == 0)
    }

    @Test func theTableLearnsFromBothItsEnds() throws {
        let model = model(), masked = Masking.bert(tokens(), vocabulary: vocabulary, keys: keys(4))
        let (_, gradients) = valueWithGradient { model(masked) }
        let gradient = try #require(gradients[model.encoder.tokenTable])
        func loss(_ place: Int, _ step: Float) -> Float {
            let stored = model.encoder.tokenTable.stored
            var scalars = stored.scalars
            scalars[place] += step
            model.encoder.tokenTable.assign(Tensor(scalars, shape: stored.shape))
            defer { model.encoder.tokenTable.assign(stored) }
            return model(masked).total.item
        }
        // Of a word that is seen, of one that is a target, of one that is neither, of the mask.
        let largest = gradient.scalars.map(abs).max() ?? 0
        for place in [7 * 8 + 3, Int(masked.targets.integerScalars[0]) * 8 + 1, 25 * 8, 4 * 8 + 2] {
            let numeric = (loss(place, 2e-3) - loss(place, -2e-3)) / 4e-3
            #expect(
                abs(numeric - gradient.scalars[place]) < 5e-3 * largest,
                "\(place): \(numeric), \(gradient.scalars[place])")
        }
    }

    @Test func dropoutIsForTrainingAlone() {
        let model = model(dropout: 0.3), masked = Masking.bert(tokens(), vocabulary: vocabulary, keys: keys(4))
        let first = training(step: 1) { model(masked).total.item },
            second = training(step: 2) { model(masked).total.item }
        #expect(first != second)
        #expect(model(masked).total.item == model(masked).total.item)
    }

    @Test func evaluationHidesTheSameTokensHoweverBatchesAreCut() {
        let model = model(), many = (0..<3).flatMap { _ in texts }
        let whole = model.evaluate([tokens(many)]),
            cut = model.evaluate(stride(from: 0, to: 12, by: 5).map { tokens(Array(many[$0..<min(12, $0 + 5)])) })
        #expect(whole.count == cut.count && whole.correct == cut.correct)
        #expect(abs(whole.crossEntropy - cut.crossEntropy) < 1e-5)
        #expect(abs(whole.perplexity - exp(whole.crossEntropy)) < 1e-9)
        #expect(whole.count > 3 && whole.accuracy >= 0)
        #expect(model.evaluate([tokens(many)], seed: 2).nats != whole.nats)
    }

    @Test func theUnigramBaselineIsTakenOnTheSameTokens() {
        var unigram = Unigram(size: 30)
        unigram.add(tokens())
        unigram.add([9, 9, 9] as [Int32])
        // 22 real tokens (special ones too), 3 more, and one of each of 30.
        #expect(abs(unigram.nats(9) - log(55 / 6)) < 1e-12)
        #expect(abs(unigram.nats(29) - log(55)) < 1e-12)
        let metrics = unigram.evaluate([tokens()], masking: .bert, vocabulary: vocabulary)
        let masked = Masking.bert(
            tokens(), vocabulary: vocabulary, keys: (0..<4).map { RandomKey(seed: 1).derived("held out").derived($0) })
        #expect(metrics.count == masked.count && metrics.count == model().evaluate([tokens()]).count)
        #expect(abs(metrics.nats - masked.targets.integerScalars.reduce(0) { $0 + unigram.nats($1) }) < 1e-9)
    }
}
