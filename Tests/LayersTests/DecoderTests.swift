import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Transposed convolutions as layers: `Tests/Fixtures/transposed.py`.
@Suite struct DecoderTests {
    @Test func theDecoderEqualsPyTorchs() {
        let decoder = ConvolutionalDecoder(6, channels: 8, height: 2, width: 3, doublings: 2)
        checkModule(decoder, "decoder", in: Fixture("transposed"), inputs: [("x", hashed("decoder.x", [2, 6]))]) {
            decoder($0[0])
        }
    }

    @Test func theSizesAreThoseOfTheNextFrameProgram() {
        let decoder = ConvolutionalDecoder(256)
        let shapes = ParameterWalk(decoder).parameters.map { "\($0.path) \($0.parameter.shape)" }
        #expect(
            shapes == [
                "expand.weight [2048, 256]", "expand.bias [2048]", "deconvs.0.weight [128, 64, 4, 4]",
                "deconvs.1.weight [64, 32, 4, 4]", "deconvs.2.weight [32, 16, 4, 4]", "deconvs.3.weight [16, 3, 4, 4]",
                "deconvs.3.bias [3]", "norms.0.weight [64]", "norms.0.bias [64]", "norms.1.weight [32]",
                "norms.1.bias [32]", "norms.2.weight [16]", "norms.2.bias [16]",
            ])
        decoder.initialize(seed: 1)
        #expect(decoder(Tensor(zeros: [2, 256])).shape == [2, 64, 64, 3])
    }

    /// Uniform in ±1/sqrt(out / groups * 16), as `nn.ConvTranspose2d`'s.
    @Test func initialWeightsHavePyTorchsRange() {
        let layer = ConvTranspose2d(64, 4, kernel: 4, groups: 2).initialize(seed: 3)
        let bound = 1 / Float(2 * 16).squareRoot()
        for values in [layer.weight.value.scalars, layer.bias?.value.scalars ?? []] {
            #expect(values.allSatisfy { abs($0) <= bound })
        }
        let weights = layer.weight.value.scalars.map(Double.init)
        let std = (weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)).squareRoot()
        #expect(abs(std - Double(bound) / 3.0.squareRoot()) < 0.02 * Double(bound))
    }
}
