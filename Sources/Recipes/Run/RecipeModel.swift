import ConcordEncoders
package import ConcordLayers
package import ConcordObjectives
import ConcordTensors

/// What a recipe trains, with a way from each modality that it learns to an embedding.
package struct RecipeModel: Sendable {
    /// One modality of some samples, as an encoder takes it.
    enum Input: Sendable {
        case image(Tensor)
        case text(Tokens)
        case audio(Waveform)
    }

    package let objective: any Objective<MultimodalBatch>
    /// What can be embedded.
    let modalities: Set<Modality>
    /// The shared space, where the recipe makes one.
    let contrastive: Contrastive<MultimodalBatch>?
    package let masked: MaskedLanguageModel?
    /// The text encoder, with the head over its vocabulary where there is one; none where no text is read.
    private let textModules: [any Module]
    private let encode: @Sendable (Input) -> Tensor

    /// - Parameters:
    ///   - vocabulary: of the recipe's tokenizer; nil where it reads no text.
    ///   - continuations: by id, whether a token continues a word; for masking whole words.
    ///   - memory: bytes that training may need; nil where the model is not trained.
    package init(_ recipe: Recipe, vocabulary: Vocabulary?, continuations: [Bool]? = nil, memory: Double? = nil) throws {
        if let memory { try recipe.requireFitting(vocabulary: vocabulary?.size ?? 0, limit: memory) }
        let text = try recipe.model.text.map { settings in
            guard let vocabulary else { throw RecipeError.data(message: "a text tower wants a tokenizer") }
            return TextTransformer(settings, vocabulary: vocabulary)
        }
        switch recipe.objective {
        case .contrastive(let settings, let masking):
            let contrastive = recipe.contrastive(settings, text: text)
            self.contrastive = contrastive
            modalities = Set(recipe.data.columns.keys)
            encode = { Self.embedding(of: $0, by: contrastive, isProjected: true) }
            if let masking, let text {
                let masked = try Self.masked(text, masking, continuations)
                self.masked = masked
                objective = contrastive + Float(masking.weight) * masked.on(\.text)
            } else {
                masked = nil
                objective = contrastive
            }
        case .masked(let masking):
            guard let text else { throw RecipeError.data(message: "objective masked wants a text tower") }
            let masked = try Self.masked(text, masking, continuations)
            (self.masked, contrastive, modalities) = (masked, nil, [.text])
            objective = masked.on(\.text)
            encode = { if case .text(let tokens) = $0 { text(tokens) } else { Self.stop($0) } }
        case .predictive(let settings):
            let encoder = try recipe.audioEncoder(withContext: false)
            try recipe.requireFrames(encoder, ahead: settings.horizon)
            let predictor = ContrastivePredictiveCoding(
                encoder: encoder, context: try recipe.context(over: encoder.featureDimension), horizon: settings.horizon,
                negatives: settings.negatives, from: settings.negativesFrom == .batch ? .batch : .sequence,
                loss: InfoNCE(temperature: .fixed(Float(settings.temperature)), direction: .oneWay))
            (masked, contrastive, modalities) = (nil, nil, [.audio])
            objective = predictor.on(\.audio)
            encode = { if case .audio(let sound) = $0 { predictor.embed(sound) } else { Self.stop($0) } }
        case .frames(let settings):
            let encoder = try recipe.audioEncoder(withContext: false)
            try recipe.requireFrames(encoder, ahead: settings.ahead)
            let predictor = FramePrediction(
                encoder: encoder, context: try recipe.context(over: encoder.featureDimension), target: try recipe.frameTarget(settings),
                ahead: settings.ahead, distance: settings.distance == .l1 ? .l1 : .l2)
            (masked, contrastive, modalities) = (nil, nil, [.audio])
            objective = predictor.on(\.audio)
            encode = { if case .audio(let sound) = $0 { predictor.embed(sound) } else { Self.stop($0) } }
        }
        textModules = [text as (any Module)?, masked].compactMap { $0 }
        objective.initialize(seed: recipe.seed)
    }

    /// Names of a module's tensors that belong to the text encoder.
    func textTensors(of module: any Module) -> [String] {
        let own = Set(textModules.flatMap { ParameterWalk($0).parameters.map { ObjectIdentifier($0.parameter) } })
        return ParameterWalk(module).parameters.filter { own.contains(ObjectIdentifier($0.parameter)) }.map(\.path)
    }

    /// Probabilities of classes `[N, K]` from cosines `[N, K]`.
    func probabilities(_ similarities: Tensor) -> Tensor { contrastive?.loss.probabilities(similarities) ?? similarities.softmax() }

    /// Embeddings `[N, D]`: in the shared space where there is one.
    func embed(_ input: Input) -> Tensor { encode(input) }

    /// What probes look at, `[N, C]`: the encoder's output before the shared space.
    func features(_ input: Input) -> Tensor {
        guard let contrastive else { return encode(input) }
        return Self.embedding(of: input, by: contrastive, isProjected: false)
    }

    private static func masked(_ text: TextTransformer, _ settings: MaskedSettings, _ continuations: [Bool]?) throws -> MaskedLanguageModel {
        guard text.vocabulary.mask != nil else {
            throw RecipeError.data(message: "objective masked: the tokenizer has no mask token; `concord tokenizer train` makes one that has")
        }
        guard !text.isCausal else { throw RecipeError.data(message: "model.text.causal: objective masked must see the whole text; set it to false") }
        return MaskedLanguageModel(text, masking: Masking(share: Float(settings.share), wordContinuations: settings.masksWholeWords ? continuations : nil))
    }

    private static func embedding(of input: Input, by model: Contrastive<MultimodalBatch>, isProjected: Bool) -> Tensor {
        switch input {
        case .image(let images): isProjected ? model.embed("image", images) : model.features("image", images)
        case .text(let tokens): isProjected ? model.embed("text", tokens) : model.features("text", tokens)
        case .audio(let sounds): isProjected ? model.embed("audio", sounds) : model.features("audio", sounds)
        }
    }

    private static func stop(_ input: Input) -> Never { ShapeCheck.fail("embed", "this recipe's model has no tower for \(input)") }
}
