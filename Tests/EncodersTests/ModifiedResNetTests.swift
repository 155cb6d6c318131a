import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// CLIP's ResNet against open_clip's with the same hashed weights: `Tests/Fixtures/modified_resnet.py`.
@Suite struct ModifiedResNetTests {
    private func small() -> ModifiedResNet {
        ModifiedResNet(blocks: [1, 2, 1, 1], width: 8, size: 64, heads: 4, outputDimension: 16)
    }

    @Test func outputsAndGradientsAreOpenCLIPs() {
        let encoder = small(), images = hashed("images", [4, 64, 64, 3])
        checkModule(
            encoder, "modified_resnet", in: Fixture("modified_resnet"), inputs: [], tolerance: 2e-5,
            gradientTolerance: 1e-4
        ) { _ in encoder(images) }
    }

    @Test func theEvaluatedOutputIsOpenCLIPs() {
        let encoder = small().filled(prefix: "modified_resnet.")
        expectClose(
            encoder(hashed("images", [4, 64, 64, 3])), Fixture("modified_resnet")["modified_resnet/evaluation"])
    }

    @Test func keysAreOpenCLIPs() {
        let walk = ParameterWalk(ModifiedResNet())
        var expected = keys(of: "", layers: 3)
        for (stage, blocks) in [3, 4, 6, 3].enumerated() {
            for block in 0..<blocks {
                let path = "layer\(stage + 1).\(block)."
                expected += keys(of: path, layers: 3)
                if block == 0 { expected += ["0.weight", "1.weight", "1.bias"].map { path + "downsample." + $0 } }
            }
        }
        expected.append("attnpool.positional_embedding")
        expected += ["q", "k", "v", "c"].flatMap { ["attnpool.\($0)_proj.weight", "attnpool.\($0)_proj.bias"] }
        #expect(walk.parameters.map(\.path) == expected)
        #expect(walk.buffers.count == 2 * (3 + 3 * 16 + 4))
        #expect(walk.buffers.first?.path == "bn1.running_mean" && walk.buffers.last?.path == "layer4.2.bn3.running_var")
        #expect(ModifiedResNet().parameterCount == 38_316_896)
    }

    private func keys(of path: String, layers: Int) -> [String] {
        (1...layers).flatMap { ["conv\($0).weight", "bn\($0).weight", "bn\($0).bias"].map { path + $0 } }
    }

    @Test func whatItMakesOfPicturesInShape() {
        let encoder = small()
        #expect(encoder.features(hashed("images", [1, 64, 64, 3])).shape == [1, 2, 2, 256])
        #expect(encoder(hashed("images", [1, 64, 64, 3])).shape == [1, 16] && encoder.outputDimension == 16)
        #expect(ModifiedResNet().outputDimension == 1024)
    }
}
