import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Aligns the modalities of a sample; with `masked`, also predicts masked words of its text, with `frames`, the next
/// frames of its sound.
///
/// ```yaml
/// objective: {name: contrastive, temperature: 0.07, learned: true, positives: pair}
/// objective: {name: contrastive, hard_negatives: 0.5, debiased: 0.01}
/// objective: {name: contrastive, loss: sigmoid}
/// objective: {name: contrastive, masked: {weight: 0.1}}              # both, over one text encoder
/// objective: {name: contrastive, frames: {weight: 0.5, ahead: 3}}    # both, over one encoder of audio
/// objective: {name: contrastive, masked: {weight: 0.1, weight_schedule: {from: 0, until: 0.2}}}
/// objective: {name: contrastive, masked: {weight: 0.5}, balance: true}            # a weight of gradients
/// objective: {name: contrastive, temperature: 0.05, learned: false, head: none}    # multiple negatives ranking
/// objective: {name: contrastive, negatives: [wrong]}                 # answers that look right and are not
/// objective: {name: contrastive, loss: sampled_softmax, head: none}  # two towers of ids: users and items
/// ```
public struct ContrastiveRecipe: ObjectiveRecipe {
    public static let name = "contrastive"

    let settings: ContrastiveSettings
    let masked: MaskedSettings?
    let frames: FramesPart?
    /// Whether weights of the parts are of their gradients.
    let balancesGradients: Bool

    public init(_ fields: Fields, data: DataSettings) throws {
        settings = try ContrastiveSettings(fields, data: data)
        let part = try fields.optionalFields(
            "masked", "Adds masked language modeling of the texts, over the same text encoder.")
        masked = try part.map { try MaskedSettings($0, isPart: true) }
        let next = try fields.optionalFields(
            "frames", "Adds the prediction of the next frames of sound, over the same encoder of audio.")
        frames = try next.map { try FramesPart($0, data: data) }
        balancesGradients =
            part == nil && next == nil
            ? false
            : try fields.flag(
                "balance", default: false,
                "Whether weights are of gradients: their norms for shared parameters are in the ratio of the weights.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        guard data.inputs.count > 1, data.kind != .text else {
            throw ObjectiveFault(
                "objective contrastive aligns two or more inputs, such as image and text; data.columns must name them")
        }
        if masked != nil { try data.require(.text, for: MaskedRecipe.name) }
        if frames != nil { try data.require(.audio, for: FramesRecipe.name) }
        if settings.positives == .label { try data.requireLabel(for: Self.name) }
        if settings.loss == .sampledSoftmax, data.inputs.count != 2 || data.inputs[1].kind != .id {
            throw ObjectiveFault(
                "objective.loss sampled_softmax: data.columns must name two inputs, the second of ids (kind: id)")
        }
        var needs = DataNeeds(data.inputs)
        (needs.least, needs.smallestBatch, needs.positives, needs.hasSharedSpace) = (2, 2, settings.positives, true)
        (needs.predictsTokens, needs.masksTokens) = (masked != nil, masked != nil)
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let recipe = parts.recipe, inputs = parts.needs.inputs
        let towers = try inputs.map { input -> Tower<MultimodalBatch> in
            func tower<E: FeatureEncoder>(
                _ encoder: E, _ path: any KeyPath<MultimodalBatch, Available<E.Input>?> & Sendable
            ) throws -> Tower<MultimodalBatch> {
                guard settings.head != .none || encoder.outputDimension == recipe.model.dimension else {
                    throw RecipeError.data(
                        message: "model.dimension: with objective.head none the embedding of \(input) is its encoder's "
                            + "output of \(encoder.outputDimension) numbers, and the shared space has "
                            + "\(recipe.model.dimension); make them equal")
                }
                return Tower(input.name, path, encoder, head: settings.towerHead)
            }
            return switch input.kind {
            case .image: try tower(try parts.imageEncoder(of: input), \.[image: input.name])
            case .text: try tower(try parts.textEncoder(of: input), \.[text: input.name])
            case .audio: try tower(try parts.audioEncoder(of: input), \.[audio: input.name])
            case .video: try tower(try parts.videoEncoder(of: input), \.[video: input.name])
            case .id: try tower(try parts.idEncoder(of: input), \.[ids: input.name])
            }
        }
        var labels: (any KeyPath<MultimodalBatch, Tensor?> & Sendable)?
        if settings.positives != .pair { labels = \MultimodalBatch.labels }
        if settings.loss == .sampledSoftmax { labels = \MultimodalBatch.[idRows: inputs[1].name] }
        let loss = settings.makeLoss(itemCounts: parts.ids[inputs[inputs.count - 1]]?.counts)
        let contrastive = Contrastive(
            towers, dimension: recipe.model.dimension, loss: loss,
            pairs: settings.anchor.map { .anchored($0.name) } ?? .all, negatives: settings.negatives,
            labels: labels)
        let embedders = Dictionary(
            uniqueKeysWithValues: inputs.map { ($0, Self.embedder(of: $0.name, by: contrastive)) })
        var objective: any Objective<MultimodalBatch> = contrastive, model: MaskedLanguageModel?
        if let masked, let text = inputs.first(where: { $0.kind == .text }) {
            let words = try MaskedRecipe.model(masked, parts, of: text)
            model = words
            objective = Self.sum(objective, words.on(\.[text: text.name]), weight: masked.weight, masked.weightSchedule)
        }
        if let frames, let audio = inputs.first(where: { $0.kind == .audio }) {
            let predictor = try frames.predictor(parts, of: audio)
            objective = Self.sum(
                objective, predictor.on(\.[audio: audio.name]), weight: frames.weight, frames.weightSchedule)
        }
        if balancesGradients { objective = Self.balanced(objective) }
        return TrainingTask(
            objective, embedders: embedders, probabilities: { loss.probabilities($0) }, masked: model)
    }

    private static func sum(
        _ objective: some Objective<MultimodalBatch>, _ part: some Objective<MultimodalBatch>, weight: Double,
        _ schedule: ScheduledValue?
    ) -> any Objective<MultimodalBatch> { objective + (schedule.map { $0 * part } ?? Float(weight) * part) }

    private static func balanced(_ objective: any Objective<MultimodalBatch>) -> any Objective<MultimodalBatch> {
        (objective as? WeightedSum<MultimodalBatch>)?.balancingGradients() ?? objective
    }

    /// The embeddings and features of a tower.
    static func embedder(of name: String, by model: Contrastive<MultimodalBatch>) -> ModalityEmbedder {
        ModalityEmbedder(
            embedding: { embedding(of: $0, name, by: model, isProjected: true) },
            features: { embedding(of: $0, name, by: model, isProjected: false) })
    }

    private static func embedding(
        of value: ModalityInput, _ name: String, by model: Contrastive<MultimodalBatch>, isProjected: Bool
    ) -> Tensor {
        switch value {
        case .image(let images): isProjected ? model.embed(name, images) : model.features(name, images)
        case .text(let tokens): isProjected ? model.embed(name, tokens) : model.features(name, tokens)
        case .audio(let clips): isProjected ? model.embed(name, clips) : model.features(name, clips)
        case .video(let clips): isProjected ? model.embed(name, clips) : model.features(name, clips)
        case .ids(let ids): isProjected ? model.embed(name, ids) : model.features(name, ids)
        }
    }
}
