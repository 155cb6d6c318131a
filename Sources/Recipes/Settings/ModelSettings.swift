/// `model`: an encoder for each kind of input, and the size of the space that they share.
///
/// ```yaml
/// model:
///   dimension: 256
///   image: {encoder: resnet, depth: 18, stem: imagenet}
///   text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
///   audio: {encoder: log_mel, channels: [128, 128], kernels: [3, 3], strides: [1, 2], mels: 64}
/// ```
///
/// Inputs of one kind share its encoder; one with an entry of its own name has an encoder of its own. An encoder that
/// the data have no column for is an error. An input of ids always has a table of its own, under its own name.
public struct ModelSettings: Sendable {
    /// Size D of the shared space.
    public let dimension: Int
    /// In the order of the inputs that they encode.
    public let encoders: [EncoderSettings]

    init(_ fields: Fields, needs: DataNeeds) throws {
        dimension =
            needs.hasSharedSpace
            ? try fields.integer("dimension", default: 256, in: 1...65536, "Size D of the shared embedding space.") : 0
        var byKey: [(key: String, inputs: [RecipeInput])] = []
        for input in needs.inputs {
            let key = input.kind == .id || fields.has(input.name) ? input.name : input.kind.rawValue
            if let place = byKey.firstIndex(where: { $0.key == key && $0.inputs[0].kind == input.kind }) {
                byKey[place].inputs.append(input)
            } else {
                byKey.append((key, [input]))
            }
        }
        encoders = try byKey.map { key, inputs in
            let kind = inputs[0].kind
            let own = try fields.fields(
                key, key == kind.rawValue ? "The \(key) encoder." : "The encoder of input \(key).")
            return try EncoderSettings(own, key: key, inputs: inputs, use: EncoderUse(needs, of: kind))
        }
        for modality in Modality.allCases
        where !byKey.contains(where: { $0.key == modality.rawValue }) && fields.has(modality.rawValue) {
            let name = modality.rawValue
            guard needs.modalities.contains(modality) else {
                throw fields.fault(
                    name,
                    "no \(name) to encode: objective.name uses none, or data.columns names none; leave this key out")
            }
            throw fields.fault(
                name, "every \(name) input has an encoder of its own name; leave this key out")
        }
    }

    /// The encoder of an input.
    public func encoder(of input: RecipeInput) -> EncoderSettings? { encoders.first { $0.inputs.contains(input) } }

    /// The first encoder of a kind of recipe; nil where there is none.
    public func encoder<R: EncoderRecipe>(_ type: R.Type = R.self) -> R? {
        encoders.lazy.compactMap { $0.recipe as? R }.first
    }

    /// The key of the first encoder that normalizes by the statistics of the batch; nil where none does.
    var batchNormalized: String? {
        encoders.lazy.compactMap { encoder in
            encoder.recipe.batchNormalizedKey.map { "model.\(encoder.key).\($0)" }
        }.first
    }

    /// Tokens that the texts of an input are cut to; nil where it is no text.
    func context(of input: RecipeInput) -> Int? { (encoder(of: input)?.recipe as? any TextEncoderRecipe)?.context }

    /// Tokens that texts are cut to: the shortest context where encoders of texts differ; nil where no text is read.
    var context: Int? { encoders.compactMap { ($0.recipe as? any TextEncoderRecipe)?.context }.min() }
}

/// An encoder of `model`, and the inputs that it encodes.
public struct EncoderSettings: Sendable {
    /// Its key below `model`: the kind of its inputs, or an input's own name.
    public let key: String
    /// The inputs that it encodes.
    public let inputs: [RecipeInput]
    /// The keys of the encoder, decoded.
    public let recipe: any EncoderRecipe

    init(_ fields: Fields, key: String, inputs: [RecipeInput], use: EncoderUse) throws {
        (self.key, self.inputs) = (key, inputs)
        let kinds = Recipe.encoderKinds(of: inputs[0].kind)
        let name = try fields.choice(
            "encoder", default: kinds[0].name, of: kinds.map { $0.name }, "The kind of encoder.")
        let kind = kinds.first { $0.name == name } ?? kinds[0]
        recipe = try kind.init(fields, for: use)
    }
}
