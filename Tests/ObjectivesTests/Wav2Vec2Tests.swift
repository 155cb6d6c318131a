import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct Wav2Vec2Tests {
    private static let masked = [[1, 2, 3, 6], [0, 4], [2, 3, 4, 5, 7]]
    private let sequences = steps(hashed("sequences", [3, 9, 3]), lengths: [9, 6, 9])

    private func model(
        _ placement: TransformerBlock.NormPlacement = .post, negatives: Int = 7, codes: Int = 3,
        masking: SpanMasking = SpanMasking(fraction: 0.5, length: 2), diversity: Float = 0.1
    ) -> Wav2Vec2<StepwiseEncoder> {
        Wav2Vec2(
            encoder: StepwiseEncoder(3, 8),
            context: TransformerContext(
                12, depth: 2, heads: 2, positions: .convolutional(kernel: 4, groups: 3), placement: placement),
            quantizer: GumbelQuantizer(8, groups: 2, codes: codes, dimension: 6), masking: masking,
            negatives: negatives, dimension: 5, diversity: diversity)
    }

    /// The negatives of `Tests/Fixtures/maskedaudio.py`.
    private static let negatives: [[Int]] = masked.enumerated().flatMap { n, places in
        let count = places.count, drawn = hashed("negatives.\(n)", [count, 7]).scalars
        return (0..<count).map { place in
            drawn[place * 7..<(place + 1) * 7].map { value in
                let other = Int(((Double(value) + 1) / 2 * Double(count - 1)).rounded(.down))
                return other < place ? other : other + 1
            }
        }
    }

    @Test(arguments: [TransformerBlock.NormPlacement.post, .pre])
    func equalsPyTorchs(placement: TransformerBlock.NormPlacement) {
        let name = "wav2vec2.\(placement)", fixture = Fixture("maskedaudio")
        let model = model(placement).filled(prefix: name + ".")
        model.quantizer.temperature.assign(Tensor(1.3))
        let noise = hashed("noise", [11, 2, 3], scale: 2).scalars
        let (loss, gradients) = valueWithGradient {
            model(sequences, .init(masked: Self.masked, negatives: Self.negatives, noise: noise))
        }
        expectClose(loss.total.reshaped([1]), fixture["\(name)/output"])
        let found = loss.parts.map(\.value) + loss.metrics.prefix(2).map(\.value)
        expectClose(Tensor(found.map(\.item), shape: [5]), fixture["\(name)/parts"])
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 5e-5)
    }

    @Test func inEvaluationCodesAreTheLargestLogits() {
        let name = "wav2vec2.evaluated", fixture = Fixture("maskedaudio")
        let model = model().filled(prefix: name + ".")
        let (loss, gradients) = valueWithGradient {
            model(sequences, .init(masked: Self.masked, negatives: Self.negatives, noise: nil))
        }
        expectClose(loss.total.reshaped([1]), fixture["\(name)/output"])
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 5e-5)
    }

    @Test func keysAreThePapersFilesAsFarAsTheyGo() {
        let paths = ParameterWalk(model()).parameters.map(\.path)
        for path in [
            "layer_norm.weight", "post_extract_proj.weight", "mask_emb", "context.pos_conv.weight_g",
            "context.pos_conv.weight_v", "context.pos_conv.bias", "quantizer.vars", "quantizer.weight_proj.weight",
            "project_q.weight", "final_proj.bias",
        ] { #expect(paths.contains(path), "\(path)") }
        #expect(ParameterWalk(model()).buffers.map(\.path) == ["quantizer.temperature"])
    }

    /// Contexts that are all zeros, so that every cosine is 0.
    @Test func atChanceTheLossIsTheLogOfTheCandidates() {
        let model = model(negatives: 9, codes: 512).initialize(seed: 4)
        for linear in [model.finalProj] {
            linear.weight.assign(Tensor(zeros: linear.weight.shape))
            linear.bias?.assign(Tensor(zeros: [5]))
        }
        // Three masked frames of codes of their own.
        let draws = Wav2Vec2<StepwiseEncoder>.Draws(
            masked: [[1, 4, 7]],
            negatives: [[1, 2, 1, 1, 2, 2, 2, 1, 1], .init(repeating: 0, count: 9), .init(repeating: 1, count: 9)],
            noise: nil)
        let loss = model(steps(hashed("one", [1, 9, 3])), draws)
        #expect(abs(loss.parts[0].value.item - log(10)) < 1e-5, "\(loss.parts)")
        #expect(loss.metrics[0].value.item == 0)
    }

    @Test func negativesOfThePositivesCodesAreExcluded() {
        let model = model(codes: 2).initialize(seed: 4)
        model.quantizer.weightProj.weight.assign(Tensor(zeros: [4, 8]))  // one code for all
        let loss = model(sequences, .init(masked: Self.masked, negatives: Self.negatives, noise: nil))
        #expect(loss.parts[0].value.item == 0)
        #expect(loss.metrics.map(\.name) == ["accuracy", "perplexity", "temperature"])
        #expect(abs(loss.metrics[1].value.item - 4) < 1e-4)  // the softmax is even, whatever is chosen
    }

    @Test func paddingAndTheMakeUpOfABatchChangeNothing() {
        let model = model().initialize(seed: 2), values = hashed("sequences", [3, 9, 3])
        let keys = (0..<3).map { RandomKey(seed: 7).derived($0) }
        func loss(_ rows: Range<Int>, length: Int) -> Loss {
            let part = values.sliced(rows, axis: 0).sliced(0..<length, axis: 1)
            return withSampleKeys(rows.map { keys[$0] }) {
                model(steps(part, lengths: rows.map { [6, 5, 6][$0] }))
            }
        }
        #expect(abs(loss(0..<3, length: 9).total.item - loss(0..<3, length: 6).total.item) < 1e-5)
        expectClose(
            model.embed(steps(values, lengths: [6, 5, 6])),
            model.embed(steps(values.sliced(0..<6, axis: 1), lengths: [6, 5, 6])))
    }

    @Test func sequencesWithoutTwoMaskedFramesGiveNothing() {
        let (loss, gradients) = valueWithGradient { model()(steps(hashed("short", [2, 2, 3]))) }
        #expect(loss.total.item == 0 && gradients.count == 0)
    }

    @Test func theTemperatureFollowsTheStep() {
        let annealing = GumbelQuantizer.Annealing(start: 2, end: 0.5, decay: 0.9)
        let quantizer = GumbelQuantizer(4, groups: 1, codes: 2, dimension: 2, annealing: annealing)
        #expect(quantizer.temperature.value.item == 2)
        quantizer.parametersDidUpdate(.init(step: 3))
        #expect(abs(quantizer.temperature.value.item - 2 * 0.729) < 1e-6)
        quantizer.parametersDidUpdate(.init(step: 1000))
        #expect(quantizer.temperature.value.item == 0.5)
    }

    @Test func gumbelNoiseHasItsMeanAndVariance() {
        var random = RandomKey(seed: 1).sequence
        let noise = GumbelQuantizer.noise(40_000, using: &random).map(Double.init)
        let mean = noise.reduce(0, +) / 40_000
        let variance = noise.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000
        #expect(abs(mean - 0.5772) < 0.02 && abs(variance - Double.pi * Double.pi / 6) < 0.05, "\(mean) \(variance)")
    }
}

@Suite struct MaskedFrameSpansTests {
    private func keys(_ count: Int) -> [RandomKey] { (0..<count).map { RandomKey(seed: 3).derived($0) } }

    @Test func aboutHalfIsMaskedByThePapersSettings() {
        let masks = SpanMasking()(lengths: [Int](repeating: 400, count: 200), keys: keys(200))
        let fraction = Double(masks.reduce(0) { $0 + $1.count }) / 80_000
        #expect(abs(fraction - 0.49) < 0.02, "\(fraction)")  // the paper's appendix: 49 %
        #expect(masks.allSatisfy { $0.last ?? 0 < 399 && $0 == $0.sorted() && Set($0).count == $0.count })
        #expect(Set(masks).count == 200)
    }

    @Test func spansHaveTheirLength() {
        for mask in SpanMasking(fraction: 0, length: 4)(lengths: [Int](repeating: 50, count: 20), keys: keys(20)) {
            let ends = mask.filter { !mask.contains($0 + 1) }, starts = mask.filter { !mask.contains($0 - 1) }
            #expect(starts.count == ends.count && starts.count <= 2)
            #expect(zip(starts, ends).allSatisfy { $1 - $0 + 1 >= 4 })
        }
    }

    @Test(arguments: 0...12) func shortSequencesKeepAFrame(frames: Int) {
        for mask in SpanMasking(fraction: 1)(lengths: [Int](repeating: frames, count: 9), keys: keys(9)) {
            #expect(mask.isEmpty == (frames < 3))
            #expect(mask.allSatisfy { $0 < frames - 1 })
        }
    }
}
