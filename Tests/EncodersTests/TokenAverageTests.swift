import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct TokenAverageTests {
    private let texts: [[Int32]] = [[6, 3, 3, 7], [5], []]

    private func encoder() -> TokenAverage {
        TokenAverage(vocabulary: Vocabulary(size: 8, padding: 0, start: 6, end: 7), dimension: 3).filled(prefix: "bag.")
    }

    @Test func itIsTheWeightedMeanOfRealTokens() {
        let encoder = encoder(), table = encoder.tokenEmbedding.weight.stored.scalars
        let logs = encoder.tokenWeight.weight.stored.scalars
        let expected = texts.flatMap { text -> [Float] in
            let sum = text.reduce(0) { $0 + exp(logs[Int($1)]) }
            return (0..<3).map { d in
                text.isEmpty ? 0 : text.reduce(0) { $0 + exp(logs[Int($1)]) * table[Int($1) * 3 + d] } / sum
            }
        }
        for length in [4, 7] {
            expectClose(encoder(Tokens(texts, length: length, padding: 0)), Tensor(expected, shape: [3, 3]))
        }
        #expect(ParameterWalk(encoder).parameters.map(\.path) == ["token_embedding.weight", "token_weight.weight"])
    }

    @Test func atFirstAllTokensCountAlikeAndGradientsAreFiniteDifferences() {
        let fresh = TokenAverage(vocabulary: Vocabulary(size: 8, padding: 0), dimension: 3).initialize(seed: 1)
        #expect(fresh.tokenWeight.weight.stored.scalars.allSatisfy { $0 == 0 })
        let encoder = encoder(), tokens = Tokens(texts, length: 4, padding: 0)
        let weights = hashed("sum", [3, 3])
        func value() -> Tensor { (encoder(tokens) * weights).sum() }
        let (_, gradients) = valueWithGradient { value() }
        for parameter in [encoder.tokenEmbedding.weight, encoder.tokenWeight.weight] {
            let start = parameter.stored, width = start.shape[1], step: Float = 1e-2
            let gradient = gradients[parameter]?.scalars ?? []
            for place in [3 * width, 6 * width, 7 * width, 5 * width, 0] {
                let ends = [step, -step].map { change in
                    var values = start.scalars
                    values[place] += change
                    parameter.assign(Tensor(values, shape: start.shape))
                    return Double(value().item)
                }
                parameter.assign(start)
                let expected = (ends[0] - ends[1]) / Double(2 * step)
                #expect(abs(Double(gradient[place]) - expected) < 1e-3, "\(parameter.shape) \(place): \(expected)")
            }
        }
    }
}
