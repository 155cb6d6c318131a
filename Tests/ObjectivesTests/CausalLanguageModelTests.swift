import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Next-token prediction against PyTorch: `Tests/Fixtures/gpt.py`.
@Suite struct CausalLanguageModelTests {
    private let fixture = Fixture("gpt")

    private func model(width: Int = 32, size: Int = 50) -> CausalLanguageModel {
        CausalLanguageModel(
            TextTransformer(
                vocabulary: Vocabulary(size: size, padding: 0), width: width, depth: 2, heads: 4, context: 16,
                causal: true))
    }

    private func tokens(_ name: String, _ lengths: [Int]) -> Tokens {
        let ids = fixture[name + "/ids"].integerScalars
        return Tokens(
            lengths.enumerated().map { Array(ids[$0 * 16..<$0 * 16 + $1]) }, length: lengths.max() ?? 0, padding: 0)
    }

    @Test func lossAndGradientsArePyTorchs() {
        for (name, lengths) in [("gpt", [16, 16, 16]), ("gpt_padded", [9, 16, 2]), ("gpt_one", [5])] {
            let model = model().filled(prefix: name + "."), tokens = tokens(name, lengths)
            let (loss, gradients) = valueWithGradient { model(tokens) }
            expectClose(loss.total.reshaped([1]), fixture[name + "/loss"], "\(name) loss")
            expectClose(loss.metrics[0].value.reshaped([1]), fixture[name + "/accuracy"], "\(name) accuracy")
            #expect(loss.metrics.map(\.name) == ["accuracy", "perplexity"])
            checkGradients(gradients, of: model, name, in: fixture, tolerance: 2e-5)
            let text = Array(tokens.ids.integerScalars[..<lengths[0]])
            expectClose(model.nextLogits(text), fixture[name + "/logits"], tolerance: 2e-5, "\(name) logits")
            let metrics = model.evaluate([tokens])
            #expect(abs(metrics.crossEntropy - Double(loss.total.item)) < 1e-5)
            #expect(metrics.count == lengths.reduce(0) { $0 + $1 - 1 })
        }
    }

    @Test func atChanceItIsLnVAndATextOfOneTokenHasNoLoss() {
        let model = model()
        model.encoder.tokenTable.assign(Tensor(zeros: [50, 32]))
        #expect(abs(model(tokens("gpt", [16, 16, 16])).total.item - log(50)) < 1e-5)
        let (loss, gradients) = valueWithGradient { model(Tokens([[7], [8]], length: 1, padding: 0)) }
        #expect(loss.total.item == 0 && gradients.count == 0 && loss.metrics.isEmpty)
    }

    @Test(arguments: [1, 2]) func microbatchesAreExact(microbatch: Int) throws {
        let model = model().filled(prefix: "parts."), tokens = tokens("gpt_padded", [9, 16, 2])
        let (whole, a) = valueWithGradient(step: 3) { model(tokens) }
        let (parts, b) = try valueWithGradient(of: model, tokens, microbatch: microbatch, step: 3)
        expectClose(parts.total, whole.total)
        #expect(parts.metrics.map(\.name) == ["accuracy", "perplexity"])
        for (path, parameter) in ParameterWalk(model).parameters {
            expectClose(try #require(b[parameter]), try #require(a[parameter]), tolerance: 2e-5, path)
        }
    }

    @Test func paddingAndTheOrderOfABatchDoNotMatter() {
        let model = model().filled(prefix: "order."), ids = tokens("gpt", [16, 16, 16]).ids.integerScalars
        let texts = [Array(ids[0..<9]), Array(ids[16..<30]), Array(ids[32..<34])]
        let loss = model(Tokens(texts, length: 14, padding: 0)).total.item
        #expect(abs(model(Tokens(texts, length: 16, padding: 3)).total.item - loss) < 1e-5)
        #expect(abs(model(Tokens(texts.reversed(), length: 14, padding: 0)).total.item - loss) < 1e-5)
    }

    @Test func theUnigramPredictsTheSameTokens() {
        var unigram = Unigram(size: 4)
        unigram.add([1, 1, 1, 2])  // with one more of each: 1, 4, 2, 1 of 8
        let metrics = unigram.evaluate(next: [Tokens([[0, 1, 2], [3, 3]], length: 3, padding: 0)])
        #expect(metrics.count == 3 && metrics.correct == 1)
        #expect(abs(metrics.nats - (log(2) + log(4) + log(8))) < 1e-9)
    }

    // MARK: Sampling

    @Test func probabilitiesAreHuggingFaces() {
        let logits = fixture["sampling logits"].scalars
        let tie = Int(fixture["place of the tie"].integerScalars[0])
        for (name, sampling) in [
            ("plain", TokenSampling()), ("warm", TokenSampling(temperature: 1.7)),
            ("k", TokenSampling(temperature: 0.8, topK: 5)), ("p", TokenSampling(topP: 0.8)),
            ("both", TokenSampling(temperature: 0.7, topK: 12, topP: 0.6)), ("one", TokenSampling(topK: 1)),
            ("tie", TokenSampling(topK: tie)),
        ] {
            let found = sampling.probabilities(logits).map(Float.init)
            expectClose(Tensor(found, shape: [40]), fixture["sampled \(name)"], tolerance: 1e-5, name)
        }
        #expect(TokenSampling(topK: tie).probabilities(logits).count { $0 > 0 } == tie + 1)
    }

    @Test func tokensAreDrawnByTheirProbability() {
        let logits: [Float] = [log(0.5), log(0.2), log(0.3), 9], sampling = TokenSampling()
        var random = RandomKey(seed: 4).sequence, counts = [0, 0, 0, 0]
        for _ in 0..<20_000 { counts[Int(sampling.draw(from: logits, excluding: [3], using: &random))] += 1 }
        for (count, probability) in zip(counts, [0.5, 0.2, 0.3, 0]) {
            #expect(abs(Double(count) / 20_000 - probability) < 0.015, "\(counts)")
        }
        #expect(TokenSampling(temperature: 0).draw(from: [1, 3, 3, 2], using: &random) == 1)
    }
}
