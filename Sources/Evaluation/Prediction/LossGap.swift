import ConcordFiles
import ConcordLayers

/// An objective's loss on held-out samples, and on as many that it is trained on: what is learned by heart lowers only
/// the second.
public struct LossGap: Sendable, Codable, Equatable {
    /// Mean loss of held-out samples.
    public let heldOut: Double
    /// Mean loss of samples that are trained on.
    public let train: Double
    /// Number of samples of each.
    public let samples: Int

    enum CodingKeys: String, CodingKey {
        case train, samples, gap
        case heldOut = "held_out"
    }

    /// - Parameters:
    ///   - heldOut: mean loss of held-out samples.
    ///   - train: mean loss of samples that are trained on.
    ///   - samples: number of samples of each.
    public init(heldOut: Double, train: Double, samples: Int) {
        (self.heldOut, self.train, self.samples) = (heldOut, train, samples)
    }

    /// How much larger the loss of held-out samples is; about 0 where nothing is learned by heart.
    public var gap: Double { heldOut - train }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            heldOut: try container.decode(Double.self, forKey: .heldOut),
            train: try container.decode(Double.self, forKey: .train),
            samples: try container.decode(Int.self, forKey: .samples))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(heldOut, forKey: .heldOut)
        try container.encode(train, forKey: .train)
        try container.encode(gap, forKey: .gap)
        try container.encode(samples, forKey: .samples)
    }
}

extension EvaluationSection {
    /// The objective's own loss.
    public static func loss(_ found: LossGap) -> EvaluationSection {
        EvaluationSection(
            name: Name.loss,
            metrics: [
                Metric("\(Name.loss).held_out", found.heldOut, isBetter: .lower),
                Metric("\(Name.loss).train", found.train, isBetter: .lower),
                Metric("\(Name.loss).gap", found.gap, isBetter: .lower),
            ],
            table: EvaluationTable(
                columns: ["loss", "held out", "trained on", "gap", "samples"],
                rows: [
                    ["objective"]
                        + [found.heldOut, found.train, found.gap].map { NumberText.fixed($0, decimals: 3) }
                        + [String(found.samples)]
                ]),
            content: found)
    }
}
