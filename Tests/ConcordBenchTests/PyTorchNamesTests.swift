import ConcordBench
import Testing

@Suite struct PyTorchNamesTests {
    @Test(arguments: [
        ("conv1.weight", "conv1.weight"), ("layers.0.1.bn2.running_var", "layer1.1.bn2.running_var"),
        ("layers.3.0.downsample.1.bias", "layer4.0.downsample.1.bias"),
    ])
    func ofAResNet(name: String, own: String) { #expect(PyTorchNames.resNet(name) == own) }

    @Test(arguments: [
        ("token.weight", "token_embedding.weight"), ("position", "positional_embedding"), ("ln.bias", "ln_final.bias"),
        ("blocks.3.qkv.weight", "transformer.resblocks.3.attn.in_proj_weight"),
        ("blocks.3.out.bias", "transformer.resblocks.3.attn.out_proj.bias"),
        ("blocks.0.fc.weight", "transformer.resblocks.0.mlp.c_fc.weight"),
        ("blocks.0.proj.weight", "transformer.resblocks.0.mlp.c_proj.weight"),
        ("blocks.0.ln_1.bias", "transformer.resblocks.0.ln_1.bias"),
    ])
    func ofATransformer(name: String, own: String) { #expect(PyTorchNames.transformer(name) == own) }

    @Test func onlyNamesWithThePrefixAreMoved() {
        #expect(PyTorchNames.moved("gru.weight_hh_l0", from: "gru.", to: "context.") == "context.weight_hh_l0")
        #expect(PyTorchNames.moved("grus.weight", from: "gru.", to: "context.") == nil)
    }
}
