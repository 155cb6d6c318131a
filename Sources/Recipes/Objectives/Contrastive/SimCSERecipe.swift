import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// SimCSE without labels: a text, encoded twice, finds itself among the batch's texts; the two views differ by dropout
/// alone.
///
/// ```yaml
/// objective: {name: simcse, temperature: 0.05}
/// model: {text: {width: 256, depth: 4, context: 32, dropout: 0.1}}
/// ```
/// Texts are embedded by the encoder, without the head. Pairs of texts, its supervised form, are `contrastive`.
/// - Source: Gao, Yao, Chen 2021, arXiv:2104.08821, equation 4; the head, a linear layer and tanh, is for training
///   alone, as in their code.
public struct SimCSERecipe: ObjectiveRecipe {
    public static let name = "simcse"

    private let input: RecipeInput
    private let temperature: Double
    private let hasHead: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        let inputs = data.inputs.filter { $0.kind == .text }.map(\.name)
        let name = try fields.choice(
            "input", default: inputs.first ?? "text", of: inputs.isEmpty ? ["text"] : inputs,
            "Whose texts are learned.")
        input = data.input(name) ?? .text
        temperature = try fields.number("temperature", default: 0.05, in: 1e-4...1e4, "Temperature of the softmax.")
        hasHead = try fields.flag(
            "head", default: true, "Whether a linear layer and tanh stand between encoder and loss, in training alone.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        try data.require(.text, for: Self.name)
        var needs = DataNeeds([input])
        needs.smallestBatch = 2
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let encoder = try parts.textEncoder(of: input)
        let settings = parts.recipe.model.encoder(of: input)?.recipe as? TransformerRecipe
        if let settings, !settings.hasDropout {
            throw RecipeError.data(
                message: "model.text.dropout: objective simcse has two views by dropout; set it, to 0.1 say")
        }
        func objective<E: FeatureEncoder>(_ encoder: E) -> any Objective<MultimodalBatch> where E.Input == Tokens {
            let size = encoder.outputDimension
            let head = ProjectionHead(size, hidden: size, size, layers: 1, outputActivation: .tanh)
            return JointEmbedding(
                encoder, head: hasHead ? head : nil, loss: SampledSoftmax(temperature: .fixed(Float(temperature)))
            ).on(\.[textViews: input.name])
        }
        return TrainingTask(objective(encoder), embedders: [input: .texts(encoder)])
    }
}
