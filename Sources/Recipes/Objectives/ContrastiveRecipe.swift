public import ConcordLayers
public import ConcordObjectives
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

/// The keys of `objective` for ``ContrastiveRecipe``.
public struct ContrastiveSettings: Sendable {
    /// Which samples are each other's positives.
    public enum Positives: String, Sendable, CaseIterable {
        /// A sample's own, and no other.
        case pair
        /// Those of every sample that names the same file: several captions of one image. The default for tables.
        case items
        /// Those of every sample with an equal text or the same file. The default for folders and files, whose texts
        /// are classes.
        case equalTexts = "equal_texts"
        /// Those of every sample of the same class, the first column of `data.labels`.
        case label
    }

    /// How two sets of embeddings are compared.
    public enum LossName: String, Sendable, CaseIterable {
        /// A softmax over the batch (CLIP).
        case infoNCE = "infonce"
        /// Each pair by itself (SigLIP).
        case sigmoid
        /// Anchors nearer to positives than to negatives.
        case triplet
        /// Negatives apart by a margin.
        case margin
        /// A softmax over the batch, one way, corrected for how often each item is drawn (two-tower recommenders).
        case sampledSoftmax = "sampled_softmax"
    }

    /// What maps an encoder's output to the shared space.
    public enum HeadName: String, Sendable, CaseIterable {
        /// A linear layer without bias.
        case linear
        /// Two linear layers with ReLU between them.
        case mlp
        /// The encoder's output is the embedding.
        case none
    }

    /// How two sets of embeddings are compared.
    public let loss: LossName
    /// What maps an encoder's output to the shared space.
    public let head: HeadName
    /// Size of an `mlp` head's hidden layer.
    public let hidden: Int
    /// Its initial value where it is learned; above 0.
    public let temperature: Double
    /// How the temperature changes over the run; nil: it does not, or is learned.
    public let temperatureSchedule: ScheduledValue?
    /// Whether the temperature is learned.
    public let isTemperatureLearned: Bool
    /// Probability that is spread over the negatives, in `0...0.99`.
    public let labelSmoothing: Double
    /// Of `infonce`: how negatives are weighted; nil for other losses.
    public let weighting: NegativeSettings?
    /// Which samples are each other's positives.
    public let positives: Positives
    /// Names of inputs that are wrong answers to the others: further negatives.
    public let negatives: [String]
    /// The modality that each other one is contrasted with; nil for all pairs.
    public let anchor: RecipeInput?
    /// Of `sampled_softmax`: whether logits are corrected by the logarithm of the items' frequencies.
    public let correctsFrequency: Bool
    /// Of `sigmoid`: logits' scale and bias at the start.
    public let scale, bias: Double
    /// Of `triplet` and `margin`.
    public let mining: TripletLoss.Mining
    /// Of `triplet` and `margin`, in the distance's unit.
    public let margin: Double
    /// Of `triplet` and `margin`.
    public let distance: TripletLoss.Distance

    var towerHead: TowerHead {
        switch head {
        case .linear: .linear
        case .mlp: .mlp(hidden: hidden)
        case .none: .none
        }
    }

    init(_ fields: Fields, data: DataSettings) throws {
        loss = try fields.choice(
            "loss", default: LossName.infoNCE,
            """
                infonce: a softmax over the batch; sigmoid: each pair by itself (SigLIP); triplet; margin: negatives \
                apart by a margin; sampled_softmax: users to items.
                """
        )
        let isInfoNCE = loss == .infoNCE, isSampled = loss == .sampledSoftmax, isSigmoid = loss == .sigmoid
        let isMetric = loss == .triplet || loss == .margin
        temperature =
            isInfoNCE || isSampled
            ? try fields.number(
                "temperature", default: isSampled ? 0.1 : 0.07, in: 1e-4...1e4,
                "Temperature of the softmax; its initial value where it is learned.") : 1
        isTemperatureLearned =
            isInfoNCE || isSampled
            ? try fields.flag("learned", default: isInfoNCE, "Whether the temperature is learned.") : false
        temperatureSchedule =
            isInfoNCE || isSampled
            ? try fields.schedule(of: "temperature", from: temperature, to: temperature, in: 1e-4...1e4) : nil
        if temperatureSchedule != nil, isTemperatureLearned {
            throw fields.fault(
                "temperature_schedule", "a learned temperature follows no schedule; set objective.learned to false")
        }
        correctsFrequency =
            isSampled
            ? try fields.flag(
                "log_q", default: true, "Whether the log of an item's frequency is subtracted from its logits.") : false
        labelSmoothing =
            isInfoNCE
            ? try fields.number("label_smoothing", default: 0, in: 0...0.99, "Probability spread over the negatives.")
            : 0
        weighting = isInfoNCE ? try NegativeSettings(fields) : nil
        scale =
            isSigmoid
            ? try fields.number("scale", default: 10, in: 1e-3...1e4, "What cosines are multiplied with, at the start.")
            : 1
        bias =
            isSigmoid
            ? try fields.number("bias", default: -10, in: -1e4...1e4, "What is added to the logits, at the start.") : 0
        mining =
            loss == .triplet
            ? try fields.choice("mining", default: TripletLoss.Mining.semiHard, "Which triplets of a batch count.")
            : .semiHard
        distance =
            isMetric
            ? try fields.choice("distance", default: TripletLoss.Distance.cosine, "euclidean, or cosine: 1 - cos.")
            : .cosine
        margin =
            isMetric
            ? try fields.number(
                "margin", default: loss == .triplet ? 0.2 : 0.5, in: 1e-6...1e4, "The margin, in the distance's unit.")
            : 0
        head = try fields.choice(
            "head", default: HeadName.linear,
            "From an encoder's output to the shared space: linear, mlp, or none where the sizes are equal.")
        hidden =
            head == .mlp
            ? try fields.integer("hidden", default: 512, in: 1...65536, "Size of the mlp head's hidden layer.") : 0
        positives =
            isSampled
            ? .pair
            : try fields.choice(
                "positives", default: data.kind == .table ? Positives.items : .equalTexts,
                """
                pair: a sample's own; items: also those of samples that name the same file; equal_texts: also those \
                with an equal text; label: those of samples of the same class (data.labels).
                """
            )
        let names = data.inputs.map(\.name)
        negatives =
            isInfoNCE
            ? try fields.strings("negatives", "Inputs that are wrong answers: further negatives, compared with none.")
            : []
        if let unknown = negatives.first(where: { !names.contains($0) }) {
            throw fields.fault(
                "negatives", "data.columns names no input \(unknown); it has \(names.joined(separator: ", "))")
        }
        if !negatives.isEmpty, names.count - Set(negatives).count < 2 {
            throw fields.fault("negatives", "two inputs must be left to compare")
        }
        anchor = try fields.choice(
            "anchor", of: names, "The input that each other one is contrasted with; all pairs without it."
        ).flatMap(data.input)
    }

    /// - Parameter itemCounts: how many training rows have each id of the last input; nil where it is none of ids.
    func makeLoss(itemCounts: [Int]?) -> any PairLoss {
        let start = Float(temperature)
        let fixed = temperatureSchedule.map { InfoNCE.Temperature.scheduled($0) } ?? .fixed(start)
        let temperature = isTemperatureLearned ? InfoNCE.Temperature.learned(initial: start) : fixed
        switch loss {
        case .infoNCE:
            return weighting?.loss(temperature: temperature, smoothing: labelSmoothing)
                ?? InfoNCE(temperature: temperature)
        case .sampledSoftmax:
            return SampledSoftmax(temperature: temperature, counts: correctsFrequency ? itemCounts : nil)
        case .sigmoid: return SigmoidLoss(scale: Float(scale), bias: Float(bias))
        case .triplet: return TripletLoss(mining: mining, margin: Float(margin), distance: distance)
        case .margin: return MarginLoss(margin: Float(margin), distance: distance)
        }
    }
}
