/// From the names in `torch_steps.py` to this library's.
package enum PyTorchNames {
    /// Its ResNet-18 has the stages in one list.
    package static func resNet(_ name: String) -> String {
        guard name.hasPrefix("layers."), let stage = name.dropFirst(7).first?.wholeNumberValue else { return name }
        return "layer\(stage + 1)" + name.dropFirst(8)
    }

    private static let transformerParts = [
        ("token.", "token_embedding."), ("ln.", "ln_final."), ("position", "positional_embedding"),
        ("blocks.", "transformer.resblocks."),
    ]
    private static let blockParts = [
        (".qkv.", ".attn.in_proj_"), (".out.", ".attn.out_proj."), (".fc.", ".mlp.c_fc."), (".proj.", ".mlp.c_proj."),
    ]

    /// Its transformer's projections are properties of the block itself.
    package static func transformer(_ name: String) -> String {
        guard let (prefix, own) = transformerParts.first(where: { name.hasPrefix($0.0) }) else { return name }
        let renamed = own + name.dropFirst(prefix.count)
        guard prefix == "blocks.", let (part, ownPart) = blockParts.first(where: { renamed.contains($0.0) }) else {
            return renamed
        }
        let parts = renamed.split(separator: part, maxSplits: 1)
        return parts.joined(separator: ownPart)
    }

    /// Replaces a leading `prefix` by `own` and renames what follows; nil where `name` does not have the prefix.
    package static func moved(
        _ name: String, from prefix: String, to own: String, _ rename: (String) -> String = { $0 }
    ) -> String? {
        name.hasPrefix(prefix) ? own + rename(String(name.dropFirst(prefix.count))) : nil
    }
}
