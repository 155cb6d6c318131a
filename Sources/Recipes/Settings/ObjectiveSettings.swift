/// `objective`: what is minimised.
///
/// ```yaml
/// objective: {name: contrastive, temperature: 0.07, learned: true, positives: pair}
/// objective: {name: contrastive, masked: {weight: 0.1}}              # both, over one text tower
/// objective: {name: masked, share: 0.15}
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

    init(_ fields: Fields) throws {
        switch try fields.choice("name", default: Name.contrastive) {
        case .contrastive:
            let settings = try ContrastiveSettings(fields)
            self = .contrastive(settings, masked: fields.has("masked") ? try MaskedSettings(fields.fields("masked"), isPart: true) : nil)
        case .masked: self = .masked(try MaskedSettings(fields, isPart: false))
        case .predictive: self = .predictive(try PredictiveSettings(fields))
        case .frames: self = .frames(try FrameSettings(fields))
        }
    }

    /// The contrastive objective's, where it is one.
    public var contrastive: ContrastiveSettings? {
        if case .contrastive(let settings, _) = self { settings } else { nil }
    }

    /// Whether equal texts are each other's positives, and one candidate in retrieval.
    var usesEqualTexts: Bool { contrastive?.positives == .equalTexts }
}

public struct ContrastiveSettings: Sendable {
    public enum Positives: String, Sendable, CaseIterable {
        /// A sample's own, and no other.
        case pair
        /// Those of every sample with an equal text.
        case equalTexts = "equal_texts"
    }

    /// Its initial value where it is learned; above 0.
    public let temperature: Double
    public let isTemperatureLearned: Bool
    public let labelSmoothing: Double
    public let positives: Positives
    /// The modality that each other one is held against; nil for all pairs.
    public let anchor: Modality?

    init(_ fields: Fields) throws {
        temperature = try fields.number("temperature", default: 0.07, in: 1e-4...1e4)
        isTemperatureLearned = try fields.flag("learned", default: true)
        labelSmoothing = try fields.number("label_smoothing", default: 0, in: 0...0.99)
        positives = try fields.choice("positives", default: Positives.pair)
        anchor = fields.has("anchor") ? try fields.choice("anchor", default: Modality.text) : nil
    }
}

public struct MaskedSettings: Sendable {
    /// Share of a text's tokens that are masked.
    public let share: Double
    /// What the part counts beside the first objective.
    public let weight: Double

    init(_ fields: Fields, isPart: Bool) throws {
        share = try fields.number("share", default: 0.15, in: 0.001...0.999)
        weight = isPart ? try fields.number("weight", default: 0.1, in: 0...1000) : 1
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
        horizon = try fields.integer("horizon", default: 12, in: 1...1000)
        negatives = try fields.integer("negatives", default: 128, in: 1...1_000_000)
        negativesFrom = try fields.choice("negatives_from", default: NegativesFrom.batch)
        temperature = try fields.number("temperature", default: 0.1, in: 1e-4...1e4)
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
        ahead = try fields.integer("ahead", default: 3, in: 1...1000)
        distance = try fields.choice("distance", default: Distance.l1)
        target = try fields.choice("target", default: Target.logMel)
    }
}
