import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Encoders in inference, with normalizations folded into convolutions, against the same on a tape, which folds
/// nothing.
@Suite struct FoldingTests {
    /// What `body` gives where a tape is open.
    func unfolded(_ body: () -> Tensor) -> Tensor { valueWithPullback { _ in [body()] }.0[0].detached }

    @Test(arguments: [(18, 32, 3), (50, 64, 2), (18, 64, 40)]) func aResNetIsTheSame(depth: Int, side: Int, count: Int)
    {
        let encoder = ResNet(depth: depth, width: 16).filled(prefix: "r"),
            images = hashed("images", [count, side, side, 3])
        expectClose(encoder.features(images), unfolded { encoder.features(images) })
        expectClose(encoder(images), unfolded { encoder(images) })
    }

    @Test func wideBlocksOfManySmallMapsAreTheSame() {
        let encoder = ResNet(depth: 18, stem: .cifar, width: 64).filled(prefix: "r"),
            images = hashed("images", [32, 16, 16, 3])
        expectClose(encoder(images), unfolded { encoder(images) })
    }

    /// Roundings of 2^-9 fall differently where a convolution's output is not written before it is normalized.
    @Test(arguments: [(18, ResNet.Stem.imageNet, 2), (50, .imageNet, 2), (18, .cifar, 32)])
    func inBfloat16ItIsTheSameUpToRounding(
        depth: Int, stem: ResNet.Stem, count: Int
    ) {
        let encoder = ResNet(depth: depth, stem: stem, width: 32).filled(prefix: "r"),
            images = hashed("images", [count, 32, 32, 3])
        let folded = withPrecision(.bfloat16) { encoder(images).converted(to: .float32) }
        expectClose(folded, encoder(images), tolerance: 0.05)
        expectClose(
            folded, withPrecision(.bfloat16) { unfolded { encoder(images) } }.converted(to: .float32), tolerance: 0.05)
    }

    @Test func aModifiedResNetIsTheSame() {
        let encoder = ModifiedResNet(blocks: [1, 2, 1, 1], width: 16, size: 64, outputDimension: 24).filled(prefix: "m")
        let images = hashed("images", [2, 64, 64, 3])
        expectClose(encoder(images), unfolded { encoder(images) })
    }

    @Test(arguments: [Activation.relu, .gelu], [nil, [400, 250, 91]] as [[Int]?])
    func aWaveformEncoderIsTheSame(activation: Activation, lengths: [Int]?) {
        let encoder = WaveformEncoder(
            .init(
                convolutions: [
                    .init(64, kernel: 5, stride: 2, padding: 1), .init(64, kernel: 4, stride: 2, padding: 1),
                ], norm: .batch,
                activation: activation)
        ).filled(prefix: "w")
        for copies in [1, 4] {
            let sound = Waveform(
                samples: hashed("sound", [3 * copies, 400]),
                lengths: lengths.map { [[Int]](repeating: $0, count: copies).flatMap(\.self) },
                rate: 8000)
            let (frames, mask) = encoder.features(sound)
            expectClose(frames, unfolded { encoder.features(sound).features })
            for (row, length) in (lengths ?? []).enumerated() {
                let real = encoder.configuration.frames(of: length)
                #expect(
                    frames.shape[1] == real
                        || frames.sliced(row..<row + 1, axis: 0).sliced(real..<frames.shape[1], axis: 1).scalars
                            .allSatisfy { $0 == 0 }
                )
            }
            #expect((mask == nil) == (lengths == nil))
        }
    }

    @Test func everyPartOfAConvolutionAndItsNormalizationIsTakenIn() {
        for (groups, stride, dilation, hasBias) in [
            (1, 1, 1, true), (2, 2, 1, false), (1, 1, 2, true), (8, 1, 1, false),
        ] {
            let conv = Conv2d(
                8, 24, kernel: 3, stride: stride, padding: 1, dilation: dilation, groups: groups, bias: hasBias
            ).filled(
                prefix: "c")
            let norm = BatchNorm(24, epsilon: 1e-3).filled(prefix: "n"), x = hashed("x", [2, 9, 7, 8])
            let residual = hashed("residual", conv(x).shape)
            for (activation, carried) in [(FusedActivation.relu, residual), (nil, residual), (.relu, nil), (nil, nil)]
                as [(FusedActivation?, Tensor?)]
            {
                let expected = unfolded { norm(conv(x), activation: activation, residual: carried) }
                expectClose(conv(x, norm: norm, activation: activation, residual: carried), expected)
                let trained = training { conv(x, norm: norm, activation: activation, residual: carried) }
                #expect(
                    trained.scalars == training { norm(conv(x), activation: activation, residual: carried) }.scalars)
                norm.filled(prefix: "n")
            }
        }
    }

    @Test func changedWeightsStatisticsAndSubstitutedOnesAreSeen() {
        let conv = Conv2d(8, 16, kernel: 3, padding: 1).filled(prefix: "c"), norm = BatchNorm(16).filled(prefix: "n"),
            x = hashed("x", [2, 6, 6, 8])
        func check(_ what: String) { expectClose(conv(x, norm: norm), unfolded { norm(conv(x)) }, what) }
        check("first")
        conv.weight.update { $0[5] += 3 }
        check("weight in place")
        norm.weight.update { $0[2] += 1 }
        check("scale in place")
        norm.bias.assign(hashed("bias", [16]))
        check("bias replaced")
        conv.bias?.update { $0[1] = 9 }
        check("the convolution's bias")
        _ = training { norm(conv(x)) }
        check("statistics moved")
        let values = ParameterValues()
        values[norm.runningVar] = Tensor(repeating: 4, shape: [16])
        values[conv.weight] = hashed("other", conv.weight.shape)
        norm.with(values) { check("substituted") }
        check("and back")
    }

    @Test func gradientsInEvaluationModeAreThere() {
        let encoder = ResNet(depth: 18, width: 4).initialize(seed: 1), images = hashed("images", [2, 32, 32, 3])
        let (_, pullback) = valueWithPullback { _ in [encoder(images)] }
        #expect(pullback([Tensor(ones: [2, 32])]).0.count == ParameterWalk(encoder).parameters.count)
    }
}

/// Encoders that compute their blocks again in the backward pass.
@Suite struct CheckpointedEncoderTests {
    private func expectTheSameBits(
        _ precision: Precision, _ make: (_ checkpointing: Bool) -> some Module, _ body: @escaping (any Module) -> Tensor
    ) {
        func run(_ checkpointing: Bool) -> ([String: [Float]], [String: [Float]]) {
            let encoder = make(checkpointing).filled(prefix: "e"), walk = ParameterWalk(encoder)
            let (_, gradients) = withPrecision(precision) {
                valueWithGradient(step: 2) { (body(encoder) * hashed("weights", body(encoder).shape)).sum() }
            }
            return (
                Dictionary(
                    uniqueKeysWithValues: walk.parameters.map { ($0.path, gradients[$0.parameter]?.scalars ?? []) }),
                Dictionary(uniqueKeysWithValues: walk.buffers.map { ($0.path, $0.buffer.stored.scalars) })
            )
        }
        let plain = run(false), again = run(true)
        #expect(again.0 == plain.0 && again.1 == plain.1)
        #expect(!plain.0.values.contains([]))
    }

    @Test(arguments: Precision.allCases) func gradientsAndStatisticsHaveTheSameBits(precision: Precision) {
        let images = hashed("images", [2, 32, 32, 3]), large = hashed("images", [2, 64, 64, 3])
        expectTheSameBits(precision, { ResNet(depth: 18, width: 4, checkpointing: $0) }) {
            ($0 as? ResNet)?(images) ?? Tensor(0)
        }
        expectTheSameBits(
            precision,
            { ModifiedResNet(blocks: [1, 1, 1, 1], width: 8, size: 64, outputDimension: 8, checkpointing: $0) }
        ) {
            ($0 as? ModifiedResNet)?(large) ?? Tensor(0)
        }
        let tokens = Tokens([[2, 5, 6, 3], [2, 9, 3]], length: 6, padding: 0)
        expectTheSameBits(
            precision,
            {
                TextTransformer(
                    vocabulary: Vocabulary(size: 12, padding: 0), width: 16, depth: 2, heads: 2, context: 6,
                    dropout: 0.2, checkpointing: $0
                )
            }
        ) { ($0 as? TextTransformer)?(tokens) ?? Tensor(0) }
    }
}
