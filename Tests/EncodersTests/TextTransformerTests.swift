import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// Text towers against open_clip's and against PyTorch's encoder: `Tests/Fixtures/encoders.py`.
@Suite struct TextTransformerTests {
    private let fixture = Fixture("encoders")
    private let vocabulary = Vocabulary(size: 32, padding: 0, start: 30, end: 31)
    private let texts: [[Int32]] = [[30, 3, 7, 31], [30, 5, 31], [30, 9, 2, 4, 8, 1, 31]]

    private func tokens(length: Int) -> Tokens { Tokens(texts, length: length, padding: 0) }

    private func encoder(causal: Bool = false, pooling: TextTransformer.Pooling) -> TextTransformer {
        TextTransformer(
            vocabulary: vocabulary, width: 16, depth: 2, heads: 2, context: 8, causal: causal, pooling: pooling)
    }

    @Test func theCausalTowerIsOpenCLIPs() {
        let encoder = encoder(causal: true, pooling: .endOfText)
        checkModule(encoder, "text_causal", in: fixture, inputs: []) { _ in encoder(tokens(length: 8)) }
    }

    @Test func theBidirectionalTowerIsPyTorchs() {
        let encoder = encoder(pooling: .first)
        checkModule(encoder, "text", in: fixture, inputs: []) { _ in encoder(tokens(length: 7)) }
        let (features, mask) = encoder.features(tokens(length: 7))
        expectClose(encoder.context(features, mask: mask), fixture["text/steps"], "steps")
        let mean = self.encoder(pooling: .mean).filled(prefix: "text.")
        expectClose(mean(tokens(length: 7)), fixture["text/mean"], "mean")
    }

    /// `Tests/Fixtures/bert.py`.
    @Test(arguments: [("bert", true), ("waves", false)])
    func postNormAndFixedPositionsEqualPyTorchs(name: String, isBERT: Bool) {
        let encoder = TextTransformer(
            vocabulary: vocabulary, width: 16, depth: 2, heads: 2, context: 8, norm: isBERT ? .post : .pre,
            positions: isBERT ? .learned : .sinCos)
        let fixture = Fixture("bert")
        checkModule(encoder, name, in: fixture, inputs: []) { _ in encoder(tokens(length: 7)) }
        let (features, mask) = encoder.features(tokens(length: 7)), steps = encoder.context(features, mask: mask)
        expectClose(steps, fixture["\(name)/steps"], "steps")
        let own = ParameterWalk(encoder).parameters.map(\.path)
        #expect(own.contains("ln_embedding.weight") == isBERT && own.contains("ln_final.weight") != isBERT)
        #expect(own.contains("positional_embedding") == isBERT)
    }

    @Test(arguments: TextTransformer.Pooling.allCases, [false, true])
    func paddingChangesNothing(pooling: TextTransformer.Pooling, causal: Bool) {
        let encoder = encoder(causal: causal, pooling: pooling).filled(prefix: "padding.")
        expectClose(encoder(tokens(length: 8)), encoder(tokens(length: 7)))
        let single = Tokens([texts[1]], length: 3, padding: 0)
        expectClose(encoder(tokens(length: 8)).sliced(1..<2, axis: 0), encoder(single))
    }

    @Test func keysAreOpenCLIPs() {
        let walk = ParameterWalk(encoder(pooling: .first))
        let block = [
            "ln_1.weight", "ln_1.bias", "attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight",
            "attn.out_proj.bias",
            "ln_2.weight", "ln_2.bias", "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias",
        ]
        #expect(
            walk.parameters.map(\.path) == ["token_embedding.weight", "positional_embedding"]
                + (0..<2).flatMap { layer in block.map { "transformer.resblocks.\(layer).\($0)" } } + [
                    "ln_final.weight", "ln_final.bias",
                ])
        #expect(walk.buffers.isEmpty)
    }

    @Test func theDefaultInitializationIsTheEmojiPeers() {
        let encoder = TextTransformer(vocabulary: Vocabulary(size: 500, padding: 0), width: 64, depth: 1).initialize(
            seed: 0)
        func std(_ tensor: Tensor) -> Float { tensor.variance(axes: Array(tensor.shape.indices)).sqrt().item }
        #expect(abs(std(encoder.tokenTable.stored) - 1) < 0.02)
        #expect(abs((encoder.positions.table.map { std($0.stored) } ?? 0) - 0.01) < 0.0005)
        let attention = encoder.blocks[0].attention
        #expect(abs(std(attention.inProjWeight.stored) - 0.125 / Float(3).squareRoot()) < 0.003)
        #expect(abs(std(attention.inProjBias.stored) - 0.125 / Float(3).squareRoot()) < 0.01)
    }

    @Test func dropoutStandsWhereItIsAskedFor() {
        let tokens = tokens(length: 8), count = Float(3 * 8 * 16)
        func encoder(
            embedding: Float = 0, attention: Float? = nil, activation: Float? = nil, outputs: Float = 0
        ) -> TextTransformer {
            TextTransformer(
                vocabulary: vocabulary, width: 16, depth: 1, heads: 2, context: 8, dropout: outputs,
                embeddingDropout: embedding,
                attentionDropout: attention, activationDropout: activation
            ).filled(prefix: "dropout.")
        }
        let dropped = encoder(embedding: 0.5), features = training { dropped.features(tokens).features.scalars }
        let fraction = Float(features.count { $0 == 0 }) / count
        #expect(fraction > 0.4 && fraction < 0.6, "\(fraction)")
        #expect(dropped.features(tokens).features.scalars == encoder().features(tokens).features.scalars)
        let (x, mask) = encoder().features(tokens)
        let still = encoder().context(x, mask: mask).scalars
        func isMoved(_ encoder: TextTransformer) -> Bool {
            training { encoder.context(x, mask: mask).scalars } != still
        }
        #expect(!isMoved(encoder(embedding: 0.5)))
        #expect(isMoved(encoder(outputs: 0.5)) && isMoved(encoder(attention: 0.5)) && isMoved(encoder(activation: 0.5)))
        // As in the masked peer: outputs of both parts alone. With everything dropped but the residual, the first block
        // changes nothing.
        let outputs = training { encoder(attention: 0, activation: 0, outputs: 0.5).blocks[0](x, mask: mask) - x }
        #expect(outputs.scalars.count { $0 == 0 } > 10, "both parts' outputs are dropped together somewhere")
    }

    @Test func aTableForALanguageModelStartsNarrow() {
        let encoder = TextTransformer(
            vocabulary: Vocabulary(size: 500, padding: 0), width: 64, depth: 1,
            initialization: .plain(width: 64, tokens: 0.02)
        ).initialize(seed: 0)
        let std = encoder.tokenTable.stored.variance(axes: [0, 1]).sqrt().item
        #expect(abs(std - 0.02) < 0.0005)
    }
}
