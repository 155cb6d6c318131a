import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Vision transformers against one in plain PyTorch: `Tests/Fixtures/vit.py`.
@Suite struct VisionTransformerTests {
    private let fixture = Fixture("vit")

    private func encoder(
        _ pooling: VisionTransformer.Pooling, _ positions: GridPositions.Form = .learned, registers: Int = 0,
        dropout: Float = 0, checkpointing: Bool = false
    ) -> VisionTransformer {
        VisionTransformer(
            patch: 4, imageSize: 12, width: 16, depth: 2, heads: 2, pooling: pooling, positions: positions,
            registers: registers, dropout: dropout, checkpointing: checkpointing)
    }

    @Test(arguments: [false, true]) func outputsAndGradientsArePyTorchs(checkpointing: Bool) {
        func check(_ name: String, _ encoder: VisionTransformer, _ images: Tensor) {
            checkModule(encoder, name, in: fixture, inputs: [("images", images)]) { encoder($0[0]) }
        }
        let images = hashed("vit images", [2, 12, 12, 3])
        check("vit_class", encoder(.classToken, checkpointing: checkpointing), images)
        check("vit_mean", encoder(.mean, .sinCos, registers: 2, checkpointing: checkpointing), images)
        check("vit_registers", encoder(.classToken, registers: 3), hashed("vit images", [1, 12, 12, 3]))
    }

    @Test func imagesOfAnotherShapeHaveInterpolatedOrComputedPositions() {
        let learned = encoder(.classToken), fixed = encoder(.classToken, .sinCos)
        checkModule(
            learned, "vit_other_grid", in: fixture, inputs: [("images", hashed("vit wide", [2, 8, 20, 3]))]
        ) { learned($0[0]) }
        checkModule(
            fixed, "vit_fixed_class", in: fixture, inputs: [("images", hashed("vit wide", [1, 8, 16, 3]))]
        ) { fixed($0[0]) }
    }

    @Test func causallyAPatchSeesThoseBeforeItAlone() {
        func encoder(causal: Bool) -> VisionTransformer {
            VisionTransformer(
                patch: 4, imageSize: 8, width: 16, depth: 2, heads: 2, pooling: .mean, causal: causal
            ).initialize(seed: 3)
        }
        var values = hashed("causal", [1, 8, 8, 3]).scalars
        let before = Tensor(values, shape: [1, 8, 8, 3])
        for row in 4..<8 { for x in 12..<24 { values[row * 24 + x] += 1 } }  // the last of four patches
        let after = Tensor(values, shape: [1, 8, 8, 3])
        for causal in [true, false] {
            let encoder = encoder(causal: causal)
            func steps(_ images: Tensor) -> Tensor { encoder.context(encoder.features(images).features, mask: nil) }
            let change = (steps(after) - steps(before)).abs().sum(axes: [2]).scalars
            #expect(change[3] > 0.01 && change[..<3].allSatisfy { causal ? $0 == 0 : $0 > 1e-5 }, "\(change)")
        }
    }

    @Test func timmsNamesAreRenamedToOwnOnes() {
        let block = [
            "norm1.weight", "norm1.bias", "attn.qkv.weight", "attn.qkv.bias", "attn.proj.weight", "attn.proj.bias",
            "norm2.weight", "norm2.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias",
        ]
        let timm =
            ["cls_token", "reg_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"]
            + (0..<2).flatMap { layer in block.map { "blocks.\(layer).\($0)" } } + ["norm.weight", "norm.bias"]
        let walk = ParameterWalk(encoder(.classToken, registers: 1))
        #expect(Set(timm.map(VisionTransformer.name(ofTimm:))) == Set(walk.parameters.map(\.path)))
        #expect(walk.parameters.first { $0.path == "pos_embed" }?.parameter.shape == [1, 10, 16])
        #expect(walk.parameters.first { $0.path == "patch_embed.proj.weight" }?.parameter.shape == [16, 3, 4, 4])
        // ViT-S/16 without its classifier, as timm counts.
        #expect(VisionTransformer().parameterCount == 21_665_664)
    }

    @Test(.enabled(if: Processor.hasBFloat16)) func bfloat16IsNearFloat32() {
        let encoder = encoder(.mean, .sinCos, registers: 1).filled(prefix: "narrow.")
        let images = hashed("vit images", [4, 12, 12, 3])
        let narrow = withPrecision(.bfloat16) { encoder(images) }
        expectClose(narrow.asFloat32, encoder(images), tolerance: 0.03)
        let (_, gradients) = withPrecision(.bfloat16) { valueWithGradient { encoder(images).squared().mean() } }
        for (path, parameter) in ParameterWalk(encoder).parameters {
            #expect(gradients[parameter]?.elementType == .float32, "\(path)")
        }
    }

    @Test func aPatchIsRowColumnChannel() {
        let images = Tensor((0..<48).map(Float.init), shape: [1, 4, 4, 3])
        let patches = images.patches(2)
        #expect(patches.shape == [1, 4, 12])
        #expect(patches.scalars[12..<24] == [6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23])
    }
}
