/// `objective`: what is minimised.
///
/// ```yaml
/// objective: {name: contrastive, temperature: 0.07, learned: true, positives: pair}
/// objective: {name: contrastive, masked: {weight: 0.1}}              # both, over one text tower
/// objective: {name: masked, share: 0.15, whole_word: true}           # all pieces of a word are masked together
/// objective: {name: predictive, horizon: 6, negatives: 128}
/// objective: {name: frames, ahead: 3, distance: l1}
/// ```
public enum ObjectiveSettings: Sendable {
    /// Aligns the modalities of a sample; with a second part, also masked words of its text.
    case contrastive(ContrastiveSettings, masked: MaskedSettings?)
    /// Masked-token modelling of text.
    case masked(MaskedSettings)
    /// Contrastive prediction of sound's next frames.
    case predictive(PredictiveSettings)
    /// Regression of sound's next frames.
    case frames(FrameSettings)

    private enum Name: String, CaseIterable { case contrastive, masked, predictive, frames }

    init(_ fields: Fields, data: DataSettings) throws {
        switch try fields.choice("name", default: Name.contrastive, "What is minimized.") {
        case .contrastive:
            let settings = try ContrastiveSettings(fields, data: data)
            let masked = try fields.optionalFields("masked", "Adds masked language modeling of the texts, over the same text encoder.")
            self = .contrastive(settings, masked: try masked.map { try MaskedSettings($0, isPart: true) })
        case .masked: self = .masked(try MaskedSettings(fields, isPart: false))
        case .predictive: self = .predictive(try PredictiveSettings(fields))
        case .frames: self = .frames(try FrameSettings(fields))
        }
    }

    /// The contrastive objective's, where it is one.
    public var contrastive: ContrastiveSettings? {
        if case .contrastive(let settings, _) = self { settings } else { nil }
    }

    /// Whether masked tokens are predicted, alone or beside another objective.
    var isMasked: Bool {
        switch self {
        case .masked, .contrastive(_, masked: .some): true
        default: false
        }
    }

    /// The masked objective's, alone or as a part.
    public var masked: MaskedSettings? {
        switch self {
        case .contrastive(_, let masked): masked
        case .masked(let settings): settings
        case .predictive, .frames: nil
        }
    }
}

public struct ContrastiveSettings: Sendable {
    public enum Positives: String, Sendable, CaseIterable {
        /// A sample's own, and no other.
        case pair
        /// Those of every sample that names the same file: several captions of one image. The default for tables.
        case items
        /// Those of every sample with an equal text or the same file. The default for folders and files, whose texts are classes.
        case equalTexts = "equal_texts"
    }

    /// Its initial value where it is learned; above 0.
    public let temperature: Double
    public let isTemperatureLearned: Bool
    public let labelSmoothing: Double
    public let positives: Positives
    /// The modality that each other one is held against; nil for all pairs.
    public let anchor: Modality?

    init(_ fields: Fields, data: DataSettings) throws {
        temperature = try fields.number("temperature", default: 0.07, in: 1e-4...1e4, "Temperature of the softmax; its initial value where it is learned.")
        isTemperatureLearned = try fields.flag("learned", default: true, "Whether the temperature is learned.")
        labelSmoothing = try fields.number("label_smoothing", default: 0, in: 0...0.99, "Probability spread over the negatives.")
        positives = try fields.choice(
            "positives", default: data.kind == .table ? Positives.items : .equalTexts,
            "pair: a sample's own; items: also those of samples that name the same file; equal_texts: also those with an equal text.")
        anchor = try fields.choice("anchor", of: Modality.self, "The modality that each other one is contrasted with; all pairs without it.")
    }
}

public struct MaskedSettings: Sendable {
    /// Share of a text's tokens that are masked.
    public let share: Double
    /// What the part counts beside the first objective.
    public let weight: Double
    /// Whether all pieces of a word are masked together.
    public let masksWholeWords: Bool

    init(_ fields: Fields, isPart: Bool) throws {
        share = try fields.number("share", default: 0.15, in: 0.001...0.999, "Fraction of a text's tokens that are masked.")
        masksWholeWords = try fields.flag("whole_word", default: false, "Whether all pieces of a word are masked together.")
        weight = isPart ? try fields.number("weight", default: 0.1, in: 0...1000, "Weight of the masked loss beside the contrastive one.") : 1
    }
}

public struct PredictiveSettings: Sendable {
    public enum NegativesFrom: String, Sendable, CaseIterable { case batch, sequence }

    /// Frames ahead, K.
    public let horizon: Int
    public let negatives: Int
    public let negativesFrom: NegativesFrom
    public let temperature: Double

    init(_ fields: Fields) throws {
        horizon = try fields.integer("horizon", default: 12, in: 1...1000, "Frames ahead that are predicted, K.")
        negatives = try fields.integer("negatives", default: 128, in: 1...65536, "Negative frames per prediction.")
        negativesFrom = try fields.choice("negatives_from", default: NegativesFrom.batch, "Where negative frames are drawn: the whole batch, or the same sequence.")
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4, "Temperature of the softmax.")
    }
}

public struct FrameSettings: Sendable {
    public enum Distance: String, Sendable, CaseIterable { case l1, l2 }
    public enum Target: String, Sendable, CaseIterable {
        /// Log-mel frames: the encoder's own where it hears those, else 40 bands, one frame for each of the encoder's.
        case logMel = "log_mel"
        /// The samples of a frame.
        case samples
    }

    /// How many frames ahead lies the one that is predicted.
    public let ahead: Int
    public let distance: Distance
    public let target: Target

    init(_ fields: Fields) throws {
        ahead = try fields.integer("ahead", default: 3, in: 1...1000, "How many frames ahead the predicted frame is.")
        distance = try fields.choice("distance", default: Distance.l1, "l1: absolute error; l2: squared error.")
        target = try fields.choice("target", default: Target.logMel, "What is predicted: a log-mel frame, or the frame's samples.")
    }
}
