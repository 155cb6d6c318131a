import ConcordEncoders
import ConcordLayers
import ConcordObjectives

/// Prediction of each next token of text (GPT).
///
/// ```yaml
/// data: {kind: text, path: books, held_out: test.txt}
/// objective: {name: next_token}
/// model: {text: {width: 256, depth: 4, context: 128}}
/// ```
/// - Source: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training".
public struct NextTokenRecipe: ObjectiveRecipe {
    public static let name = "next_token"

    public init(_ fields: Fields, data: DataSettings) throws {}

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.text, for: Self.name)])
        (needs.predictsTokens, needs.causalKinds) = (true, [.text])
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        guard let text = parts.text else {
            throw RecipeError.data(
                message: "model.text.encoder: objective next_token predicts with a transformer's tokens")
        }
        guard text.isCausal else {
            throw RecipeError.data(
                message: "model.text.causal: objective next_token predicts each token from those before it; set it to "
                    + "true")
        }
        let model = CausalLanguageModel(text)
        var task = TrainingTask(
            model.on(\.[text: input.name]), embedders: [input: .texts(try parts.textEncoder(of: input))],
            masked: nil, generator: model)
        task.evaluations.removeAll { $0 is MaskedWordsEvaluation }
        task.evaluations.append(NextTokenEvaluation())
        return task
    }
}
