import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Waveform encoders against PyTorch modules that take each clip by itself: `Tests/Fixtures/waveform.py`.
@Suite struct WaveformEncoderTests {
    typealias Configuration = WaveformEncoder.Configuration

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let configuration: Configuration
        let lengths: [Int]
        var isTraining = true
        var testDescription: String { name }

        var waveform: Waveform { clips(name + ".wave", lengths) }
    }

    /// Hashed clips, zero beyond their lengths; padded further where `length` says so.
    private static func clips(_ name: String, _ lengths: [Int], length: Int? = nil) -> Waveform {
        let longest = lengths.max() ?? 0, scalars = hashed(name, [lengths.count, longest]).scalars
        return Waveform(
            lengths.enumerated().map { n, length in Array(scalars[n * longest..<n * longest + length]) },
            length: length, rate: 8000)
    }

    private static let small: [Configuration.Convolution] = [
        .init(6, kernel: 5, stride: 2, padding: 2), .init(8, kernel: 3, stride: 2), .init(4, kernel: 2, padding: 1),
    ]

    private static func pooled(_ pooling: Configuration.Pooling) -> Configuration {
        var configuration = Configuration.cpc(width: 8)
        configuration.pooling = pooling
        return configuration
    }

    static let cases = [
        Case(name: "cpc", configuration: .cpc(width: 8), lengths: [1280, 1280]),
        Case(name: "cpc_evaluated", configuration: .cpc(width: 8), lengths: [1280, 1280], isTraining: false),
        Case(name: "padded", configuration: .cpc(width: 8), lengths: [1280, 901, 700]),
        Case(name: "padded_evaluated", configuration: pooled(.max), lengths: [1280, 901, 700], isTraining: false),
        Case(
            name: "gru",
            configuration: .init(
                convolutions: small, norm: .layer, activation: .gelu, context: .gru(hidden: 5, layers: 2)),
            lengths: [61, 40, 33]),
        Case(
            name: "lstm",
            configuration: .init(
                convolutions: small, norm: .group(2), activation: .tanh, context: .lstm(hidden: 5), pooling: .max),
            lengths: [61, 40, 33]),
        Case(
            name: "bare", configuration: .init(convolutions: small, norm: .none, activation: .silu), lengths: [61, 61]),
    ]

    @Test(arguments: cases)
    func embeddingsAndGradientsArePyTorchs(_ c: Case) {
        let encoder = WaveformEncoder(c.configuration), fixture = Fixture("waveform"), waveform = c.waveform
        checkModule(encoder, c.name, in: fixture, inputs: [], isTraining: c.isTraining, gradientTolerance: 1e-4) { _ in
            encoder(waveform)
        }
        encoder.filled(prefix: c.name + ".")
        let frames = {
            let (features, mask) = encoder.features(waveform)
            return encoder.context(features, mask: mask)
        }
        expectClose(c.isTraining ? training { frames() } : frames(), fixture[c.name + "/frames"])
    }

    private static let contexts: [Configuration.Context] = [
        .none, .gru(hidden: 5), .lstm(hidden: 3, layers: 2), .transformer(depth: 2, heads: 2),
        .transformer(depth: 1, heads: 1, causal: true),
    ]
    private static let norms: [Configuration.Norm] = [.batch, .group(2), .layer, .none]

    @Test(arguments: contexts, Configuration.Pooling.allCases)
    func paddingChangesNothing(context: Configuration.Context, pooling: Configuration.Pooling) {
        for norm in Self.norms {
            let encoder = WaveformEncoder(
                .init(convolutions: Self.small, norm: norm, context: context, pooling: pooling))
            encoder.filled(prefix: "padding.")
            let lengths = [64, 31, 5, 20], plain = encoder(Self.clips("clips", lengths))
            expectClose(encoder(Self.clips("clips", lengths, length: 83)), plain, "\(norm)")
            for (n, length) in lengths.enumerated() {
                let alone = Waveform(
                    samples: Self.clips("clips", lengths).samples.sliced(n..<n + 1, axis: 0).sliced(
                        0..<length, axis: 1), rate: 8000)
                expectClose(plain.sliced(n..<n + 1, axis: 0), encoder(alone), "\(norm), clip \(n)")
            }
        }
    }

    private static let mels = LogMel.Configuration(
        rate: 8000, fftSize: 64, hop: 16, mels: 6, logarithm: .natural(offset: 1e-6), isStandardized: true)

    @Test func logMelEncodersAreConvolutionsOverLogMelFrames() {
        let encoder = WaveformEncoder(.logMel(Self.mels, width: 8)).filled(prefix: "mel."),
            waveform = Self.clips("clips", [800, 800])
        let frames = LogMel(Self.mels)(waveform)
        let (features, mask) = encoder.features(waveform)
        #expect(frames.shape == [2, 51, 6] && features.shape == [2, 13, 8] && mask == nil)
        #expect(features.shape[1] == encoder.configuration.frames(of: 800) && encoder.configuration.stride == 64)
        let values = Dictionary(
            uniqueKeysWithValues: ParameterWalk(encoder).parameters.map { ($0.path, $0.parameter.stored) })
        let buffers = Dictionary(
            uniqueKeysWithValues: ParameterWalk(encoder).buffers.map { ($0.path, $0.buffer.stored) })
        var x = frames
        for (i, stride) in [1, 2, 2].enumerated() {
            x = x.convolved1d(
                weight: values["convs.\(i).weight"]!, bias: values["convs.\(i).bias"]!, stride: stride, padding: 1)
            let scale = values["norms.\(i).weight"]! / (buffers["norms.\(i).running_var"]! + 1e-5).sqrt()
            x = ((x - buffers["norms.\(i).running_mean"]!) * scale + values["norms.\(i).bias"]!).relu()
        }
        expectClose(features, x)
        expectClose(encoder(waveform), x.mean(axis: 1))
    }

    @Test(arguments: Configuration.Pooling.allCases)
    func paddingChangesNothingToLogMelFrames(pooling: Configuration.Pooling) {
        var configuration = Configuration.logMel(Self.mels, width: 8)
        configuration.pooling = pooling
        let encoder = WaveformEncoder(configuration).filled(prefix: "mel.")
        let lengths = [400, 217, 90], plain = encoder(Self.clips("clips", lengths))
        expectClose(encoder(Self.clips("clips", lengths, length: 555)), plain)
        let alone = Waveform(
            samples: Self.clips("clips", lengths).samples.sliced(1..<2, axis: 0).sliced(0..<217, axis: 1), rate: 8000)
        expectClose(plain.sliced(1..<2, axis: 0), encoder(alone))
    }

    @Test func withoutConvolutionsTheFramesAreTheFrontEnds() {
        let encoder = WaveformEncoder(.init(front: .logMel(Self.mels), convolutions: [], context: .gru(hidden: 5)))
        let waveform = Self.clips("clips", [400, 217])
        let (features, mask) = encoder.features(waveform)
        #expect(features.scalars == LogMel(Self.mels)(waveform).scalars)
        #expect(mask?.bytes == [26, 14].flatMap { real in (0..<26).map { $0 < real ? 1 : 0 as UInt8 } })
        #expect(encoder.featureDimension == 6 && encoder.outputDimension == 5 && encoder(waveform).shape == [2, 5])
        #expect(ParameterWalk(encoder).parameters.allSatisfy { $0.path.hasPrefix("context.") })
    }

    @Test(arguments: [
        Configuration.cpc(width: 2), .logMel(mels, width: 2), .init(convolutions: small),
        .init(front: .logMel(mels), convolutions: []),
    ])
    func framesAreAsCounted(configuration: Configuration) {
        let encoder = WaveformEncoder(configuration)
        for length in [0, 1, 5, 17, 64, 159, 160, 161, 500, 1601] {
            #expect(
                encoder.features(Self.clips("clip", [length])).features.shape[1] == configuration.frames(of: length),
                "\(length)")
        }
        #expect(configuration.frames(of: configuration.minimumSamples) >= 1)
    }

    /// Training statistics are those of real frames, so there too padding further changes nothing.
    @Test func paddingChangesNoStatistics() {
        let encoder = WaveformEncoder(.cpc(width: 8)).filled(prefix: "statistics.")
        let plain = training { encoder(Self.clips("clips", [700, 900])) },
            padded = training { encoder(Self.clips("clips", [700, 900], length: 1333)) }
        expectClose(padded, plain)
    }

    @Test func whatFramesAreReal() {
        let encoder = WaveformEncoder(.cpc(width: 4)).filled(prefix: "frames.")
        let (features, mask) = encoder.features(Self.clips("clips", [1600, 480, 0, 160]))
        #expect(features.shape == [4, 10, 4])
        #expect(mask?.bytes == [10, 3, 1, 1].flatMap { real in (0..<10).map { $0 < real ? 1 : 0 as UInt8 } })
        let hidden = mask.map { (features * (1 - $0.converted(to: .float32)).expandingAxis(at: 2)).abs().max().item }
        #expect(hidden == 0)
        #expect(encoder.features(Self.clips("clips", [800, 800])).mask == nil)
    }

    @Test func shortClipsGetOneFrame() {
        let configuration = Configuration.cpc, encoder = WaveformEncoder(.cpc(width: 4)).filled(prefix: "short.")
        #expect(configuration.stride == 160)
        #expect(configuration.frames(of: 10240) == 64)
        #expect(configuration.frames(of: configuration.minimumSamples) == 1)
        for length in [0, 1, configuration.minimumSamples - 1] {
            #expect(configuration.frames(of: length) == 1)
            let clip = Self.clips("clip", [length]),
                padded = Self.clips("clip", [length], length: configuration.minimumSamples)
            #expect(encoder.features(clip).features.shape == [1, 1, 4])
            expectClose(encoder(clip), encoder(padded))
        }
    }

    @Test func keysAreThePeers() {
        let walk = ParameterWalk(WaveformEncoder(.cpc))
        let layers = (0..<5).flatMap { i in ["convs.\(i).weight", "convs.\(i).bias"] }
        let norms = (0..<5).flatMap { i in ["norms.\(i).weight", "norms.\(i).bias"] }
        #expect(walk.parameters.map(\.path) == layers + norms)
        #expect(
            walk.buffers.map(\.path) == (0..<5).flatMap { i in ["norms.\(i).running_mean", "norms.\(i).running_var"] })
        #expect(walk.unused == (0..<5).map { "norms.\($0).num_batches_tracked" })
        #expect(WaveformEncoder(.cpc).parameterCount == 256 * (10 + 256 * (8 + 4 + 4 + 4) + 3 * 5))
        let recurrent = WaveformEncoder(
            .init(convolutions: [.init(4, kernel: 3)], norm: .none, context: .gru(hidden: 5)))
        let cell = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map { "context.\($0)_l0" }
        #expect(ParameterWalk(recurrent).parameters.map(\.path) == ["convs.0.weight", "convs.0.bias"] + cell)
        let transformer = WaveformEncoder(
            .init(convolutions: [.init(4, kernel: 3)], norm: .layer, context: .transformer(depth: 1, heads: 1)))
        let paths = ParameterWalk(transformer).parameters.map(\.path)
        #expect(paths.contains("context.resblocks.0.attn.in_proj_weight") && paths.contains("context.ln_final.bias"))
    }

    @Test func theDefaultTakesLogMelFrames() {
        let encoder = WaveformEncoder(), walk = ParameterWalk(encoder)
        let layers = (0..<3).flatMap { i in ["convs.\(i).weight", "convs.\(i).bias"] }
        #expect(
            walk.parameters.map(\.path) == layers + (0..<3).flatMap { i in ["norms.\(i).weight", "norms.\(i).bias"] })
        #expect(walk.parameters[0].parameter.shape == [256, 80, 3])
        let second = Waveform(samples: hashed("second", [1, 16000], scale: 0.1), rate: 16000)
        #expect(encoder.features(second).features.shape == [1, 26, 256] && encoder.outputDimension == 256)
    }

    @Test func permutingABatchPermutesItsEmbeddings() {
        let encoder = WaveformEncoder(.cpc(width: 4)).filled(prefix: "permuted.")
        let waveform = Self.clips("clips", [700, 333, 512]), order = Tensor([2, 0, 1] as [Int32], shape: [3])
        let permuted = Waveform(
            samples: waveform.samples.gathered(at: order), lengths: [512, 700, 333], rate: 8000)
        expectClose(training { encoder(permuted) }, training { encoder(waveform) }.gathered(at: order))
    }

    /// The paper's numbers: 49 frames a second of 16 kHz, each of 400 samples.
    @Test func wav2vec2sConvolutionsAreThePapers() {
        let encoder = WaveformEncoder(.wav2vec2())
        #expect(encoder.configuration.frames(of: 16000) == 49)
        #expect(encoder.configuration.minimumSamples == 400 && encoder.configuration.stride == 320)
        #expect(encoder.parameterCount == 4_200_448)
    }

    @Test func wav2vec2sFrameNormalizationIsOverRealFramesAndTheFirstConvolutionAlone() {
        let encoder = WaveformEncoder(.wav2vec2(width: 6)).initialize(seed: 3)
        #expect(ParameterWalk(encoder).parameters.filter { $0.path.hasPrefix("norms.") }.count == 2)
        let both = Self.clips("wav2vec2", [1400, 900]), longer = Self.clips("wav2vec2", [1400, 900], length: 2000)
        expectClose(encoder(longer), encoder(both), tolerance: 2e-5)
        // Each channel of the first layer has mean 0 and variance 1 over a clip's own frames.
        let first = encoder.convs[0](both.samples.sliced(0..<1, axis: 0).expandingAxis(at: 2))
        let y = first.groupNormalized(
            groups: 6, weight: Tensor(ones: [6]), bias: Tensor(zeros: [6]), epsilon: 1e-5)
        expectClose(y.mean(axes: [1]) + 1, Tensor(ones: [1, 6]), tolerance: 1e-4)
    }
}
