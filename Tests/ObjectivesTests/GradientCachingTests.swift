import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Gradients from microbatches against those of one tape over the whole batch.
@Suite struct GradientCachingTests {
    struct Sample: Sendable {
        let image: Tensor, text: Tokens
        var sound: Available<Waveform>?
        var labels: Tensor?
    }

    /// Convolution, activation, dropout, mean; with batch normalization if `normalized`.
    final class Images: FeatureEncoder {
        let conv = Conv2d(3, 8, kernel: 3, padding: 1)
        let norm: BatchNorm?
        let outputDimension = 8
        init(normalized: Bool = false) { norm = normalized ? BatchNorm(8) : nil }
        func callAsFunction(_ x: Tensor) -> Tensor {
            let y = norm.map { $0(conv(x), activation: .relu) } ?? conv(x).relu().dropout(0.3)
            return y.mean(axes: [1, 2])
        }
    }

    static let vocabulary = Vocabulary(size: 30, padding: 0, unknown: 1, start: 2, end: 3, mask: 4)

    static func texts(dropout: Float = 0.2, checkpointing: Bool = false) -> TextTransformer {
        TextTransformer(
            vocabulary: vocabulary, width: 12, depth: 2, heads: 3, context: 8, pooling: .mean, dropout: dropout,
            embeddingDropout: dropout,
            checkpointing: checkpointing, initialization: .plain(width: 12, tokens: 0.5))
    }

    static func sounds(_ norm: WaveformEncoder.Configuration.Norm = .layer) -> WaveformEncoder {
        WaveformEncoder(
            .init(
                convolutions: [.init(6, kernel: 4, stride: 2, padding: 1), .init(8, kernel: 3, stride: 1, padding: 1)],
                norm: norm,
                context: .transformer(depth: 1, heads: 2, causal: false, dropout: 0.1)))
    }

    static func batch(_ count: Int = 10, sounds rows: [Int]? = nil) -> Sample {
        let ids = (0..<count).map { n -> [Int32] in
            let words = (0..<n % 5 + 1).map { Int32(5 + (7 * n + 3 * $0) % 25) }
            return [2] + words + [3]
        }
        let clips = rows.map { rows in
            Available(
                Waveform(
                    samples: hashed("sound", [rows.count, 40]), lengths: rows.map { 40 - $0 % 3 * 7 }, rate: 8000),
                rows: rows,
                of: count)
        }
        return Sample(
            image: hashed("image", [count, 6, 5, 3]), text: Tokens(ids, length: 8, padding: 0), sound: clips,
            labels: Tensor((0..<Int32(count)).map { $0 % 7 }, shape: [count]))
    }

    static func pair(
        _ image: Images = Images(), _ text: TextTransformer = texts(), labelled: Bool = false
    ) -> Contrastive<Sample> {
        Contrastive<Sample>(
            Tower("image", \.image, image), Tower("text", \.text, text), dimension: 6,
            loss: InfoNCE(temperature: .learned(initial: 0.2)), labels: labelled ? \Sample.labels : nil
        ).initialize(seed: 1)
    }

    static func triplet() -> Contrastive<Sample> {
        Contrastive<Sample>(
            Tower("image", \.image, Images()), Tower("text", \.text, texts()), Tower("sound", \.sound, sounds()),
            dimension: 6,
            labels: \Sample.labels
        ).initialize(seed: 2)
    }

    /// Loss, parts and every gradient within 1e-4 of one tape's.
    func expectTheWhole(
        _ objective: some Objective<Sample>, _ batch: Sample, microbatch: Int, keys: [RandomKey] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (loss, expected) = withSampleKeys(keys) { valueWithGradient(step: 3, seed: 4) { objective(batch) } }
        let (cached, gradients) = try withSampleKeys(keys) {
            try valueWithGradient(of: objective, batch, microbatch: microbatch, step: 3, seed: 4)
        }
        expectClose(cached.total, loss.total, "loss", sourceLocation: sourceLocation)
        let (found, wanted) = (cached.parts + cached.metrics, loss.parts + loss.metrics)
        #expect(found.map(\.name) == wanted.map(\.name), sourceLocation: sourceLocation)
        for (a, b) in zip(found, wanted) {
            expectClose(a.value, b.value, tolerance: 1e-4, a.name, sourceLocation: sourceLocation)
        }
        #expect(gradients.count == expected.count, sourceLocation: sourceLocation)
        for (path, parameter) in ParameterWalk(objective).parameters {
            guard let gradient = gradients[parameter], let wanted = expected[parameter] else {
                #expect(
                    expected[parameter] == nil && gradients[parameter] == nil, "\(path)", sourceLocation: sourceLocation
                )
                continue
            }
            expectClose(gradient, wanted, tolerance: 1e-4, path, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [1, 3, 4, 7, 10, 64]) func gradientsAreThoseOfTheWholeBatch(microbatch: Int) throws {
        try expectTheWhole(Self.pair(labelled: microbatch == 4), Self.batch(), microbatch: microbatch)
    }

    @Test(arguments: [1, 2, 4, 9]) func towersThatSomeSamplesLackToo(microbatch: Int) throws {
        try expectTheWhole(Self.triplet(), Self.batch(11, sounds: [0, 2, 3, 5, 6, 7, 9]), microbatch: microbatch)
        try expectTheWhole(Self.triplet(), Self.batch(11), microbatch: microbatch)
    }

    @Test(.enabled(if: Processor.hasBFloat16)) func inBfloat16TheyAreThoseOfTheWholeBatchUpToRounding() throws {
        let model = Self.pair(), batch = Self.batch()
        let (loss, expected) = withPrecision(.bfloat16) { valueWithGradient { model(batch) } }
        let (cached, gradients) = try withPrecision(.bfloat16) {
            try valueWithGradient(of: model, batch, microbatch: 3)
        }
        expectClose(cached.total, loss.total, tolerance: 0.02)
        for (path, parameter) in ParameterWalk(model).parameters {
            expectClose(gradients[parameter] ?? Tensor(0), try #require(expected[parameter]), tolerance: 0.05, path)
        }
    }

    @Test func differentStepsDropDifferentElements() throws {
        let model = Self.pair(), batch = Self.batch()
        let losses = try (0..<3).map { try valueWithGradient(of: model, batch, microbatch: 4, step: $0).0.total.item }
        #expect(Set(losses).count == 3)
        #expect(losses[1] == (try valueWithGradient(of: model, batch, microbatch: 4, step: 1).0.total.item))
    }

    @Test(arguments: [false, true]) func sumsWithAMaskedModelOverTheSameText(keyed: Bool) throws {
        let text = Self.texts(), masked = MaskedLanguageModel(text, masking: Masking(fraction: 0.5))
        let sum = Self.pair(Images(), text) + 0.3 * masked.on(\.text)
        sum.initialize(seed: 1)
        let keys = keyed ? (0..<10).map { RandomKey(seed: 8).derived($0) } : []
        for microbatch in [2, 3, 10] { try expectTheWhole(sum, Self.batch(), microbatch: microbatch, keys: keys) }
    }

    @Test func framePredictionAndOwnNegativesAddUpOverMicrobatches() throws {
        let frames = FramePrediction(encoder: Self.sounds(), target: .samples(hop: 2), ahead: 2)
        let coding = ContrastivePredictiveCoding(encoder: Self.sounds(), horizon: 3, negatives: 5, from: .sequence)
        let batch = Self.batch(9, sounds: Array(0..<9)), keys = (0..<9).map { RandomKey(seed: 8).derived($0) }
        func compare<O: MicrobatchedObjective>(_ objective: O, metrics: [String]) throws where O.Input == Waveform {
            objective.initialize(seed: 5)
            let part = objective.on(\Sample.sound)
            let (loss, expected) = withSampleKeys(keys) { valueWithGradient { part(batch) } }
            let (cached, gradients) = try withSampleKeys(keys) { try valueWithGradient(of: part, batch, microbatch: 4) }
            expectClose(cached.total, loss.total)
            for name in metrics {
                #expect(
                    abs(
                        (cached.metrics.first { $0.name == name }?.value.item ?? .nan)
                            - (loss.metrics.first { $0.name == name }?.value.item ?? 0))
                        < 1e-4)
            }
            #expect(gradients.count == expected.count && gradients.count > 8)
            for (path, parameter) in ParameterWalk(objective).parameters {
                if let wanted = expected[parameter] {
                    expectClose(gradients[parameter] ?? Tensor(0), wanted, tolerance: 1e-4, path)
                }
            }
        }
        try compare(frames, metrics: ["last_frame"])
        try compare(coding, metrics: ["accuracy"])
    }

    /// One tape over all microbatches, each normalized by itself.
    final class MicrobatchByMicrobatch: Objective {
        let inner: Contrastive<Sample>
        let ranges: [Range<Int>]
        init(_ inner: Contrastive<Sample>, _ ranges: [Range<Int>]) { (self.inner, self.ranges) = (inner, ranges) }
        func callAsFunction(_ batch: Sample) -> Loss {
            let images = ranges.map { inner.embed("image", batch.image.rows(in: $0)) }
            let texts = ranges.map { inner.embed("text", batch.text.rows(in: $0)) }
            return Loss(inner.loss(.concatenated(images, axis: 0), .concatenated(texts, axis: 0)))
        }
    }

    @Test(arguments: [(10, 5), (11, 4), (9, 9)])
    func withBatchNormalizationTheyAreThoseOfATapeThatNormalizesEachMicrobatch(
        count: Int, microbatch: Int
    ) throws {
        let image = Images(normalized: true), model = Self.pair(image, Self.texts(dropout: 0)),
            batch = Self.batch(count)
        let microbatches = Microbatches(of: count, atMost: microbatch)
        let norm = try #require(image.norm), mean = norm.runningMean.stored, variance = norm.runningVar.stored
        // The running statistics after each microbatch alone.
        let moved = microbatches.ranges.map { rows in
            let values = ParameterValues()
            _ = model.with(values) { training { image(batch.image.rows(in: rows)) } }
            return (
                mean: values[norm.runningMean] ?? Tensor(0), variance: values[norm.runningVar] ?? Tensor(0),
                rows: Float(rows.count)
            )
        }
        #expect(norm.runningMean.stored.scalars == mean.scalars)
        let expected = model.with(ParameterValues()) {
            valueWithGradient(step: 2) { MicrobatchByMicrobatch(model, microbatches.ranges)(batch) }
        }
        let (loss, gradients) = try valueWithGradient(of: model, batch, microbatch: microbatch, step: 2)
        expectClose(loss.total, expected.0.total)
        for (path, parameter) in ParameterWalk(model).parameters {
            expectClose(gradients[parameter] ?? Tensor(0), try #require(expected.1[parameter]), tolerance: 1e-4, path)
        }
        // Running statistics are updated once, to the mean of the microbatches' updates.
        func average(_ value: (Int) -> Tensor) -> Tensor {
            moved.indices.dropFirst().reduce(value(0) * (moved[0].rows / Float(count))) {
                $0 + value($1) * (moved[$1].rows / Float(count))
            }
        }
        expectClose(norm.runningMean.stored, average { moved[$0].mean })
        expectClose(norm.runningVar.stored, average { moved[$0].variance })
        // The mean follows the whole batch's with the momentum of one step.
        let activations = image.conv(batch.image).mean(axes: [0, 1, 2])
        expectClose(norm.runningMean.stored, mean * 0.9 + activations * 0.1, tolerance: 1e-4)
        #expect(norm.runningVar.stored.scalars != variance.scalars)
    }

    @Test(arguments: [ResNet.Normalization.group, .frozenBatch])
    func aResNetWhoseNormalizationIsIndependentOfTheBatchIsExact(_ normalization: ResNet.Normalization) throws {
        let image = ResNet(depth: 18, stem: .cifar, width: 4, normalization: normalization)
        let model = Contrastive<Sample>(
            Tower("image", \.image, image), Tower("text", \.text, Self.texts()), dimension: 6,
            loss: InfoNCE(temperature: .learned(initial: 0.2))
        ).initialize(seed: 1)
        try expectTheWhole(model, Self.batch(), microbatch: 1)
        try expectTheWhole(model, Self.batch(), microbatch: 4)
    }

    @Test func substitutedStatisticsMoveAndTheModulesOwnDoNot() throws {
        let image = Images(normalized: true), model = Self.pair(image), values = ParameterValues()
        let norm = try #require(image.norm)
        _ = try model.with(values) { try valueWithGradient(of: model, Self.batch(), microbatch: 4) }
        #expect(norm.runningMean.stored.scalars == [Float](repeating: 0, count: 8))
        #expect(values[norm.runningMean] != nil)
    }

    @Test func encodersThatComputeTheirBlocksAgainGiveTheSame() throws {
        let plain = Self.pair(), again = Self.pair(Images(), Self.texts(checkpointing: true))
        try expectTheWhole(again, Self.batch(), microbatch: 4)
        let (_, expected) = try valueWithGradient(of: plain, Self.batch(), microbatch: 4)
        let (_, gradients) = try valueWithGradient(of: again, Self.batch(), microbatch: 4)
        for (a, b) in zip(ParameterWalk(again).parameters, ParameterWalk(plain).parameters) {
            #expect(gradients[a.parameter]?.scalars == expected[b.parameter]?.scalars, "\(a.path)")
        }
    }

    @Test func memoryIsThatOfAMicrobatch() throws {
        let model = Self.pair(), text = Self.batch(32).text
        let batch = Sample(image: Tensor(ones: [32, 40, 40, 3]), text: text)
        let whole = Allocator.peak { _ = valueWithGradient { model(batch) } }
        let microbatched = try Allocator.peak { _ = try valueWithGradient(of: model, batch, microbatch: 4) }
        #expect(4 * microbatched < whole)
    }

    @Test func aFrozenTowerGetsNoGradient() throws {
        let model = Self.pair()
        for (path, parameter) in ParameterWalk(model).parameters where path.hasPrefix("text.") {
            parameter.isFrozen = true
        }
        try expectTheWhole(model, Self.batch(), microbatch: 3)
    }

    @Test func inputsThatCannotBeCutIntoSamplesAreNamed() {
        struct Pictures2: Sendable { let pixels: Tensor }
        struct Odd: Sendable { let image: Pictures2, text: Tokens }
        final class Whole: FeatureEncoder {
            let layer = Linear(3, 4)
            let outputDimension = 4
            func callAsFunction(_ input: Pictures2) -> Tensor { layer(input.pixels) }
        }
        let odd = Contrastive<Odd>(
            Tower("image", \.image, Whole()), Tower("text", \.text, Self.texts()), dimension: 3)
        #expect(odd.microbatchingUnsupportedReason?.contains("\"image\"") ?? false)
        let batch = Odd(image: Pictures2(pixels: hashed("x", [10, 3])), text: Self.batch().text)
        #expect(throws: ObjectiveError.self) { try valueWithGradient(of: odd, batch, microbatch: 4) }

        let coding = ContrastivePredictiveCoding(encoder: Self.sounds(), horizon: 3, negatives: 5)
        let sum = Self.pair() + 0.1 * coding.on(\Sample.sound)
        let error = #expect(throws: ObjectiveError.self) { try valueWithGradient(of: sum, Self.batch(), microbatch: 4) }
        #expect(error?.description.contains("contrastive_predictive_coding") ?? false, "\(error?.description ?? "")")

        final class Sum: Objective {
            let weight = Parameter([], .constant(1))
            func callAsFunction(_ batch: Sample) -> Loss { Loss(weight.value * batch.image.sum()) }
        }
        let plain = #expect(throws: ObjectiveError.self) {
            try valueWithGradient(of: Sum(), Self.batch(), microbatch: 4)
        }
        #expect(plain?.description.contains("objective sum ") ?? false, "\(plain?.description ?? "")")
    }

    @Test func microbatchesDifferByOneAtMost() {
        #expect(Microbatches(of: 17, atMost: 16).ranges == [0..<8, 8..<17])
        #expect(Microbatches(of: 5, atMost: 8).ranges == [0..<5])
        #expect(Microbatches(of: 0, atMost: 8).ranges == [])
        for (count, microbatch) in [(100, 7), (64, 16), (3, 1)] {
            let ranges = Microbatches(of: count, atMost: microbatch).ranges, sizes = Set(ranges.map(\.count))
            #expect(ranges.flatMap { Array($0) } == Array(0..<count))
            #expect(
                sizes.count <= 2 && (sizes.max() ?? 0) <= microbatch && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            #expect(ranges.count == (count + microbatch - 1) / microbatch)
        }
    }
}
