public import ConcordLayers
public import ConcordObjectives

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
