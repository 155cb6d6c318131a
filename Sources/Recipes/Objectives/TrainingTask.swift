import ConcordDatasets
public import ConcordObjectives
public import ConcordTensors

/// What a recipe trains: the objective over a batch, and a way from each input to an embedding.
public struct TrainingTask: Sendable {
    /// What is minimized.
    public let objective: any Objective<MultimodalBatch>
    /// From each input to its embeddings.
    public let embedders: [RecipeInput: ModalityEmbedder]
    /// Probabilities of classes `[N, K]` from cosines `[N, K]`, where the inputs share a space; nil where they do
    /// not.
    public let probabilities: (@Sendable (Tensor) -> Tensor)?
    /// What held-out data are evaluated by, in the order of the report; at first what the abilities allow.
    public var evaluations: [any Evaluation]
    /// What says the class or the number of a sample, where that is learned; nil where it is not.
    var head: LabelHead?
    /// What is done with the training data before the first step, and when a run is resumed; nil: nothing.
    var preparation: (@Sendable (TrainingPreparation) throws -> Void)?
    /// The model of masked tokens, where there is one.
    let masked: MaskedLanguageModel?
    /// The model of next tokens, where there is one.
    let generator: CausalLanguageModel?

    /// - Parameters:
    ///   - objective: what is minimized.
    ///   - embedders: from each input that can be embedded to its embeddings.
    ///   - probabilities: probabilities of classes `[N, K]` from cosines `[N, K]`, where the inputs share a space.
    public init(
        _ objective: any Objective<MultimodalBatch>, embedders: [RecipeInput: ModalityEmbedder],
        probabilities: (@Sendable (Tensor) -> Tensor)? = nil
    ) {
        self.init(objective, embedders: embedders, probabilities: probabilities, masked: nil)
    }

    init(
        _ objective: any Objective<MultimodalBatch>, embedders: [RecipeInput: ModalityEmbedder],
        probabilities: (@Sendable (Tensor) -> Tensor)? = nil, masked: MaskedLanguageModel?,
        generator: CausalLanguageModel? = nil
    ) {
        (self.objective, self.embedders, self.probabilities) = (objective, embedders, probabilities)
        (self.masked, self.generator) = (masked, generator)
        evaluations = Self.evaluations(
            of: embedders.keys, hasSharedSpace: probabilities != nil, predictsTokens: masked != nil)
    }
}

/// What an objective may look at before the first step.
struct TrainingPreparation {
    /// The batches that it will be trained on.
    let batches: Batches<MultimodalBatch>
    /// The directory that the recipe's data paths start from.
    let data: String
    /// The numbers that are learned, one a training row; empty where none are.
    let targets: [Float]
    /// Of the recipe.
    let seed: UInt64
    /// Whether buffers will be those of a checkpoint.
    let isResumed: Bool
}
