import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Every layer against PyTorch: `Tests/Fixtures/layers.py`.
@Suite struct LayerFixtureTests {
    private let fixture = Fixture("layers")
    private let mask = Tensor([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0] as [UInt8], shape: [3, 5])

    private func check(
        _ name: String, _ module: some Module, _ shape: [Int], isTraining: Bool = true,
        _ body: @escaping (Tensor) -> Tensor
    ) {
        checkModule(module, name, in: fixture, inputs: [("x", hashed(name + ".x", shape))], isTraining: isTraining) {
            body($0[0])
        }
    }

    @Test func linearLayersEqualPyTorchs() {
        let linear = Linear(5, 7), bare = Linear(5, 7, bias: false)
        check("linear", linear, [2, 3, 5]) { linear($0) }
        check("linear_without_bias", bare, [3, 5]) { bare($0) }
    }

    @Test func convolutionsEqualPyTorchs() {
        let conv2d = Conv2d(4, 6, kernel: 3, stride: 2, padding: 2, dilation: 2, groups: 2)
        let conv1d = Conv1d(4, 6, kernel: 4, stride: 3, padding: 1, groups: 2)
        check("conv2d", conv2d, [2, 7, 6, 4]) { conv2d($0) }
        check("conv1d", conv1d, [2, 11, 4]) { conv1d($0) }
    }

    @Test func normalizationsEqualPyTorchs() {
        let group = GroupNorm(3, 6), layer = LayerNorm(6)
        check("group_norm", group, [2, 3, 5, 6]) { group($0) }
        check("layer_norm", layer, [2, 3, 6]) { layer($0) }
    }

    @Test func batchNormalizationEqualsPyTorchsInBothModes() {
        let images = BatchNorm(5), rows = BatchNorm(5), evaluated = BatchNorm(5)
        check("batch_norm", images, [2, 3, 4, 5]) { images($0) }
        check("batch_norm_of_rows", rows, [7, 5]) { rows($0) }
        check("batch_norm_in_evaluation", evaluated, [2, 3, 4, 5], isTraining: false) { evaluated($0) }
    }

    @Test func fusedBatchNormalizationEqualsItsParts() {
        let norm = BatchNorm(5)
        let inputs = ["x", "residual"].map { (name: $0, value: hashed("batch_norm_fused." + $0, [2, 3, 4, 5])) }
        checkModule(norm, "batch_norm_fused", in: fixture, inputs: inputs) {
            norm($0[0], activation: .relu, residual: $0[1])
        }
    }

    @Test func embeddingsEqualPyTorchs() {
        let table = Embedding(9, 4), ids = Tensor([1, 4, 1, 0, 8, 1] as [Int32], shape: [2, 3])
        checkModule(table, "embedding", in: fixture, inputs: []) { _ in table(ids) }
    }

    @Test func attentionEqualsPyTorchs() {
        for (name, masked, causal) in [
            ("attention", false, false), ("attention_masked", true, false), ("attention_causal", false, true),
        ] {
            let attention = MultiHeadAttention(8, heads: 2)
            check(name, attention, [3, 5, 8]) { attention($0, mask: masked ? mask : nil, causal: causal) }
        }
    }

    @Test func transformerBlocksEqualPyTorchsWithPaddingMasked() {
        let pre = TransformerBlock(width: 8, heads: 2, hidden: 12)
        let post = TransformerBlock(width: 8, heads: 2, hidden: 12, placement: .post, activation: .relu)
        check("block_pre", pre, [3, 5, 8]) { pre($0, mask: mask) }
        check("block_post", post, [3, 5, 8]) { post($0, mask: mask) }
    }

    @Test(arguments: [
        ("mlp_gelu", Activation.gelu), ("mlp_quick", .quickGELU), ("mlp_tanh", .tanhGELU), ("mlp_silu", .silu),
    ])
    func networksOfTwoLayersEqualPyTorchs(name: String, activation: Activation) {
        let mlp = MLP(4, hidden: 6, 3, activation: activation)
        check(name, mlp, [2, 4]) { mlp($0) }
    }

    @Test func projectionHeadsEqualPyTorchs() {
        let plain = ProjectionHead(4, hidden: 6, 3),
            normalized = ProjectionHead(4, hidden: 6, 3, layers: 3, batchNorm: true)
        check("head", plain, [7, 4]) { plain($0) }
        check("head_normalised", normalized, [7, 4]) { normalized($0) }
    }

    @Test func sinusoidsEqualTheFormula() {
        let positions = PositionalEmbedding(6, 8, form: .sinusoidal)
        expectClose(positions(Tensor(zeros: [1, 6, 8])).reshaped([6, 8]), fixture["sinusoidal"])
        expectClose(
            positions(Tensor(zeros: [1, 2, 8])).reshaped([2, 8]), fixture["sinusoidal"].sliced(0..<2, axis: 0))
        #expect(ParameterWalk(positions).parameters.isEmpty)
    }
}
