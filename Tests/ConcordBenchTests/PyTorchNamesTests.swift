import ConcordBench
import Testing

@Suite struct PeerNamesTests {
    @Test(arguments: [
        ("conv1.weight", "conv1.weight"), ("layers.0.1.bn2.running_var", "layer1.1.bn2.running_var"),
        ("layers.3.0.downsample.1.bias", "layer4.0.downsample.1.bias"),
    ])
    func ofAResNet(theirs: String, own: String) { #expect(PeerNames.resNet(theirs) == own) }

    @Test(arguments: [
        ("token.weight", "token_embedding.weight"), ("position", "positional_embedding"), ("ln.bias", "ln_final.bias"),
        ("blocks.3.qkv.weight", "transformer.resblocks.3.attn.in_proj_weight"),
        ("blocks.3.out.bias", "transformer.resblocks.3.attn.out_proj.bias"),
        ("blocks.0.fc.weight", "transformer.resblocks.0.mlp.c_fc.weight"),
        ("blocks.0.proj.weight", "transformer.resblocks.0.mlp.c_proj.weight"),
        ("blocks.0.ln_1.bias", "transformer.resblocks.0.ln_1.bias"),
    ])
    func ofATransformer(theirs: String, own: String) { #expect(PeerNames.transformer(theirs) == own) }

    @Test func onlyWhatBeginsSoIsMoved() {
        #expect(PeerNames.moved("gru.weight_hh_l0", from: "gru.", to: "context.") == "context.weight_hh_l0")
        #expect(PeerNames.moved("grus.weight", from: "gru.", to: "context.") == nil)
    }
}
