import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// HuBERT and TERA, against `Tests/Fixtures/maskedaudio.py`.
@Suite struct MaskedFramesTests {
    private static let masked = [[1, 2, 3, 6], [0, 4], [2, 3, 4, 5, 7]]
    private let sequences = steps(hashed("sequences", [3, 9, 3]), lengths: [9, 6, 9])

    private func hubert() -> HuBERT<StepwiseEncoder> {
        HuBERT(
            encoder: StepwiseEncoder(3, 8),
            context: TransformerContext(
                12, depth: 2, heads: 2, positions: .convolutional(kernel: 4, groups: 3), placement: .post),
            clusters: 4, targets: FrameTarget(dimension: 3) { $0.values }, dimension: 5)
    }

    private static let clusters = hashed("clusters", [3, 9]).scalars.map {
        Int32(((Double($0) + 1) / 2 * 4).rounded(.down))
    }

    @Test func hubertEqualsPyTorchs() {
        let fixture = Fixture("maskedaudio"), model = hubert().filled(prefix: "hubert.")
        let (loss, gradients) = valueWithGradient {
            model(sequences, clusters: Self.clusters, masked: Self.masked)
        }
        expectClose(loss.total.reshaped([1]), fixture["hubert/output"])
        let found = loss.parts.map(\.value) + loss.metrics.map(\.value)
        expectClose(Tensor(found.map(\.item), shape: [4]), fixture["hubert/parts"])
        checkGradients(gradients, of: model, "hubert", in: fixture, tolerance: 5e-5)
    }

    @Test func hubertIsAtChanceWhereAllClustersAreAsNear() {
        let model = hubert().initialize(seed: 1)
        model.finalProj.weight.assign(Tensor(zeros: [5, 12]))
        model.finalProj.bias?.assign(Tensor(zeros: [5]))
        let loss = model(sequences, clusters: Self.clusters, masked: Self.masked)
        #expect(abs(loss.parts[0].value.item - log(4)) < 1e-6)
    }

    @Test func hubertsClustersAreThoseOfTheRealTargets() {
        let model = hubert().initialize(seed: 1)
        // Two kinds of real frames; padding is another, and is not clustered.
        var values = [Float](repeating: 100, count: 2 * 6 * 3)
        for n in 0..<2 { for t in 0..<4 { for c in 0..<3 { values[(n * 6 + t) * 3 + c] = t % 2 == 0 ? 1 : -1 } } }
        var batches = [steps(Tensor(values, shape: [2, 6, 3]), lengths: [4, 4])]
        #expect(model.fit(key: RandomKey(seed: 0)) { batches.popLast() } == 8)
        #expect(Set(model.clusters.centers.value.scalars) == [1, -1])
    }

    /// Frames as they are.
    private final class Frames: SequenceEncoder {
        let featureDimension = 3, outputDimension = 3
        func features(_ input: StepwiseEncoder.Steps) -> (features: Tensor, mask: Tensor?) {
            (input.values, input.mask)
        }
        func context(_ features: Tensor, mask: Tensor?) -> Tensor { features }
        func callAsFunction(_ input: StepwiseEncoder.Steps) -> Tensor { input.values.mean(axis: 1) }
    }

    private func tera() -> MaskedReconstruction<Frames> {
        MaskedReconstruction(
            encoder: Frames(), context: TransformerContext(3, width: 12, depth: 2, heads: 2, placement: .post))
    }

    @Test func teraEqualsPyTorchs() {
        let fixture = Fixture("maskedaudio"), model = tera().filled(prefix: "tera.")
        let lengths = [9, 6, 9]
        let chosen = hashed("chosen", [3, 9, 3]).scalars.enumerated().map { place, value -> Float in
            place % 27 / 3 < lengths[place / 27] && value > 0.3 ? 1 : 0
        }
        let (loss, gradients) = valueWithGradient {
            model(sequences, altered: hashed("altered", [3, 9, 3]), chosen: Tensor(chosen, shape: [3, 9, 3]))
        }
        expectClose(loss.total.reshaped([1]), fixture["tera/output"])
        expectClose(loss.metrics[0].value.reshaped([1]), fixture["tera/parts"])
        checkGradients(gradients, of: model, "tera", in: fixture, tolerance: 5e-5)
    }

    @Test func teraOfZerosHasTheLossOfZeros() {
        let model = tera().initialize(seed: 2)
        model.output.weight.assign(Tensor(zeros: [3, 12]))
        model.output.bias?.assign(Tensor(zeros: [3]))
        let loss = model(sequences)
        #expect(loss.total.item == loss.metrics[0].value.item && loss.total.item > 0.3)
    }

    @Test func microbatchesHaveTheWholeBatchsLoss() {
        let model = tera().initialize(seed: 2), keys = (0..<3).map { RandomKey(seed: 5).derived($0) }
        func loss(_ microbatch: Int) -> Float {
            withSampleKeys(keys) { model.lossWithGradient(of: sequences, microbatch: microbatch).0.total.item }
        }
        #expect(abs(loss(3) - loss(1)) < 1e-5)
    }

    // MARK: - Alteration

    @Test func alteredFramesAreZeroedOverwrittenOrKeptAndChosen() {
        let frames = hashed("frames", [400, 40, 20]) + 2, alteration = FrameAlteration()
        let keys = (0..<400).map { RandomKey(seed: 9).derived($0) }, lengths = [Int](repeating: 30, count: 400)
        let (altered, chosen) = alteration(frames, lengths: lengths, keys: keys)
        let (x, y, w) = (frames.scalars, altered.scalars, chosen.scalars)
        var kinds = [0, 0, 0], bands = Set<Int>(), share = 0.0
        for n in 0..<400 {
            func at(_ t: Int, _ c: Int) -> Int { (n * 40 + t) * 20 + c }
            let band = (0..<20).filter { c in (0..<30).allSatisfy { w[at($0, c)] == 1 } }
            bands.insert(band.count)
            let times = (0..<40).filter { t in (0..<20).allSatisfy { w[at(t, $0)] == 1 } }
            share += Double(times.count) / 30
            #expect(!times.isEmpty && times.allSatisfy { $0 < 30 })
            for t in 0..<40 {
                for c in 0..<20 where w[at(t, c)] == 0 { #expect(x[at(t, c)] == y[at(t, c)]) }
            }
            for t in 0..<30 { for c in band { #expect(y[at(t, c)] == 0) } }
            let free = (0..<20).first { !band.contains($0) } ?? 0
            let isZero = times.allSatisfy { y[at($0, free)] == 0 }
            let isKept = times.allSatisfy { y[at($0, free)] == x[at($0, free)] }
            kinds[isZero ? 0 : isKept ? 2 : 1] += 1
        }
        #expect(abs(kinds[0] - 320) < 30 && abs(kinds[1] - 40) < 25 && abs(kinds[2] - 40) < 25, "\(kinds)")
        #expect(bands == Set(0...4))
        #expect(share / 400 > 0.15 && share / 400 < 0.3, "\(share / 400)")
    }

    @Test func withoutABandWholeFramesAreAltered() {
        let frames = hashed("frames", [8, 40, 6]) + 2
        let (_, chosen) = FrameAlteration(bandFraction: 0)(
            frames, lengths: [40, 40, 3, 2, 1, 40, 40, 0], keys: (0..<8).map { RandomKey(seed: 9).derived($0) })
        let w = chosen.scalars
        for frame in 0..<8 * 40 { #expect(Set(w[frame * 6..<(frame + 1) * 6]).count == 1) }
        #expect(w[7 * 240..<8 * 240].allSatisfy { $0 == 0 })
    }

    // MARK: - Cepstra

    @Test func cepstraAreCosinesOfLogMelFramesWithTheirDifferences() {
        let clip = Waveform(samples: hashed("clip", [1, 3200]), rate: 8000)
        let target = FrameTarget<Waveform>.cepstra(rate: 8000, hop: 160)
        #expect(target.dimension == 39)
        let model = HuBERT(
            encoder: Silent(), context: TransformerContext(4, depth: 1, heads: 1), clusters: 1, targets: target)
        var clips = [clip]
        #expect(model.fit(key: RandomKey(seed: 0)) { clips.popLast() } == 20)
        let mels = LogMel(
            .init(rate: 8000, fftSize: 200, hop: 160, mels: 40, logarithm: .natural(offset: 1e-6), isStandardized: true)
        )(clip).scalars
        func cepstrum(_ t: Int, _ k: Int) -> Double {
            var sum = 0.0
            for m in 0..<40 {
                let angle = Double.pi / 40 * (Double(m) + 0.5) * Double(k)
                sum += Double(mels[t * 40 + m]) * cos(angle)
            }
            let scale: Double = k == 0 ? 1.0 / 40 : 2.0 / 40
            return sum * scale.squareRoot()
        }
        let cepstra: [[Double]] = (0..<21).map { t in (0..<13).map { k in cepstrum(t, k) } }
        func difference(_ x: [[Double]], _ t: Int, _ k: Int) -> Double {
            func at(_ offset: Int) -> Double { x[min(max(t + offset, 0), x.count - 1)][k] }
            let (near, far) = (at(1) - at(-1), at(2) - at(-2))
            return (near + 2 * far) / 10
        }
        func differences(_ x: [[Double]]) -> [[Double]] {
            x.indices.map { t in (0..<13).map { k in difference(x, t, k) } }
        }
        let first = differences(cepstra), second = differences(first)
        let all: [[Double]] = (0..<20).map { t in cepstra[t] + first[t] + second[t] }
        // One cluster: its center is the mean of the first 20 frames.
        let mean: [Float] = (0..<39).map { k in
            let sum: Double = all.reduce(0.0) { $0 + $1[k] }
            return Float(sum / 20)
        }
        expectClose(model.clusters.centers.value, Tensor(mean, shape: [1, 39]), tolerance: 1e-4)
    }

    /// 20 frames of nothing.
    private final class Silent: SequenceEncoder {
        let featureDimension = 4, outputDimension = 4
        func features(_ input: Waveform) -> (features: Tensor, mask: Tensor?) {
            (Tensor(zeros: [input.count, 20, 4]), nil)
        }
        func context(_ features: Tensor, mask: Tensor?) -> Tensor { features }
        func callAsFunction(_ input: Waveform) -> Tensor { features(input).features.mean(axis: 1) }
    }
}
