import ConcordEncoders
package import ConcordLayers
package import ConcordObjectives
package import ConcordTensors
import ConcordTokenizers

/// What a recipe trains, with a way from each input that it learns to an embedding.
package struct RecipeModel: Sendable {
    private let task: TrainingTask
    /// The text encoders, with the head over their vocabulary where there is one; none where no text is read.
    private let textModules: [any Module]

    /// - Parameters:
    ///   - vocabulary: of the recipe's tokenizer; nil where it reads no text.
    ///   - continuations: by id, whether a token continues a word; for masking whole words.
    ///   - ids: those of each input of ids.
    ///   - classes: those of the label that is learned.
    ///   - memory: bytes that training may need; nil where the model is not trained.
    ///   - kernels: those of a run; else the current ones.
    package init(
        _ recipe: Recipe, vocabulary: Vocabulary?, continuations: [Bool]? = nil,
        ids: [RecipeInput: IDVocabulary] = [:], classes: [String: LabelClasses] = [:], memory: Double? = nil,
        kernels: KernelTable = .current
    ) throws {
        if let memory { try recipe.requireFitting(vocabulary: vocabulary?.size ?? 0, ids: ids, limit: memory) }
        let parts = try RecipeParts(
            recipe, vocabulary: vocabulary, wordContinuations: continuations, ids: ids, classes: classes)
        let task = try recipe.objective.recipe.task(parts)
        self.task = task
        inputs = recipe.objective.needs.inputs.filter { task.embedders[$0] != nil }
        textModules = parts.textEncoders + [task.masked].compactMap { $0 }
        task.objective.initialize(seed: recipe.seed)
        encoderPaths = Self.paths(of: parts.encodersByKey, in: task.objective)
        encoders = Dictionary(parts.encodersByKey.map { ($0.key, $0.module) }) { _, last in last }
        self.recipe = recipe
        self.kernels = kernels
    }

    /// A model that is not trained.
    ///
    /// - Parameter run: where it is kept.
    init(_ recipe: Recipe, _ tokenizer: (any Tokenizer)?, of run: RunDirectory) throws {
        try self.init(
            recipe, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations,
            ids: run.loadIDs(recipe), classes: run.loadClasses(recipe), kernels: run.loadKernels().supported().table)
    }

    /// By the key of `model`.
    private let encoders: [String: any Module]
    private let recipe: Recipe
    /// What its embeddings are computed with.
    let kernels: KernelTable

    /// By the key of `model`, what the paths of an encoder's tensors begin with: `image.encoder.`
    let encoderPaths: [String: String]

    private static func paths(
        of encoders: [(key: String, module: any Module)], in objective: any Module
    ) -> [String: String] {
        let known = Dictionary(
            ParameterWalk(objective).parameters.map { (ObjectIdentifier($0.parameter), $0.path) }) { first, _ in first }
        var paths: [String: String] = [:]
        for (key, module) in encoders {
            guard let first = ParameterWalk(module).parameters.first,
                let path = known[ObjectIdentifier(first.parameter)], path.hasSuffix(first.path)
            else { continue }
            paths[key] = String(path.dropLast(first.path.count))
        }
        return paths
    }

    package var objective: any Objective<MultimodalBatch> { task.objective }
    package var masked: MaskedLanguageModel? { task.masked }
    package var generator: CausalLanguageModel? { task.generator }
    /// What says the class or the number of a sample; nil where none was learned.
    var head: LabelHead? { task.head }

    /// What held-out data are evaluated by: last, whatever the objective, its loss.
    var evaluations: [any Evaluation] { task.evaluations + [LossGapEvaluation()] }

    /// What can be embedded, in the recipe's order.
    let inputs: [RecipeInput]

    /// Whether the inputs have one space, in which they can be compared.
    var hasSharedSpace: Bool { task.probabilities != nil }

    /// The first input of a kind that can be embedded, or the one of a name.
    func input(_ kind: Modality, named name: String? = nil) -> RecipeInput? {
        inputs.first { $0.kind == kind && (name == nil || $0.name == name) }
    }

    /// Names of a module's tensors that belong to the text encoder.
    func textTensors(of module: any Module) -> [String] {
        let own = Set(textModules.flatMap { ParameterWalk($0).parameters.map { ObjectIdentifier($0.parameter) } })
        return ParameterWalk(module).parameters.filter { own.contains(ObjectIdentifier($0.parameter)) }.map(\.path)
    }

    /// Probabilities of classes `[N, K]` from cosines `[N, K]`.
    func probabilities(_ similarities: Tensor) -> Tensor { task.probabilities?(similarities) ?? similarities.softmax() }

    /// Embeddings `[N, D]`: in the shared space where there is one.
    func embed(_ value: ModalityInput, of input: RecipeInput) -> Tensor {
        withKernels(kernels) { embedder(of: input).embedding(value) }
    }

    /// What probes look at, `[N, C]`: the encoder's output before the shared space.
    func features(_ value: ModalityInput, of input: RecipeInput) -> Tensor {
        withKernels(kernels) { embedder(of: input).features(value) }
    }

    /// Frames of clips in their context, `[N, T, D]`; nil where the objective has none.
    func frames(_ clips: Waveform, of input: RecipeInput) -> Tensor? {
        withKernels(kernels) { task.embedders[input]?.frames.map { $0(clips) } }
    }

    /// What the layers of an input's encoder make of a batch; nil where the encoder does not show them.
    func layerOutputs(_ value: ModalityInput, of input: RecipeInput) -> [LayerOutput]? {
        let encoder = recipe.model.encoder(of: input).flatMap { encoders[$0.key] }
        return withKernels(kernels) {
            switch value {
            case .image(let images): (encoder as? any InspectableEncoder<Tensor>)?.layerOutputs(images)
            case .text(let tokens): (encoder as? any InspectableEncoder<Tokens>)?.layerOutputs(tokens)
            case .audio(let clips): (encoder as? any InspectableEncoder<Waveform>)?.layerOutputs(clips)
            case .video(let clips): (encoder as? any InspectableEncoder<Video>)?.layerOutputs(clips)
            case .ids(let ids): (encoder as? any InspectableEncoder<IDs>)?.layerOutputs(ids)
            }
        }
    }

    /// Whether the encoder of an input shows its layers.
    func showsLayers(of input: RecipeInput) -> Bool {
        recipe.model.encoder(of: input).flatMap { encoders[$0.key] } is any InspectableEncoder
    }

    /// Does what the objective asks for before the first step.
    func prepare(_ preparation: TrainingPreparation) throws { try task.preparation?(preparation) }

    private func embedder(of input: RecipeInput) -> ModalityEmbedder {
        guard let embedder = task.embedders[input] else {
            ShapeCheck.fail("embed", "this recipe's model has no encoder of \(input)")
        }
        return embedder
    }
}
