import ConcordObjectives
import ConcordTensors

/// The mean, by samples, of losses and gradients over the batches of one update.
///
/// For losses that are means over samples it equals one large batch. A contrastive loss has only its own batch's negatives
/// in each part: accumulating does not add negatives.
struct Accumulation {
    /// Sums with weight 1 for the first batch, and for others by their size relative to it.
    private(set) var gradients: Gradients
    private(set) var samples: Int
    private let first: Int
    private var totals: [Double]
    private var names: [String]

    init(_ loss: Loss, _ gradients: Gradients, samples: Int) {
        self.gradients = gradients
        (self.samples, first) = (samples, samples)
        totals = Self.figures(loss).map { Double($0.value) * Double(samples) }
        names = Self.figures(loss).map(\.name)
    }

    mutating func add(_ loss: Loss, _ new: Gradients, samples: Int) {
        gradients.add(samples == first ? new : new.scaled(by: Float(samples) / Float(first)))
        self.samples += samples
        for (name, value) in Self.figures(loss) {
            guard let place = names.firstIndex(of: name) else { continue }
            totals[place] += Double(value) * Double(samples)
        }
    }

    /// What makes `gradients` the mean.
    var gradientFactor: Double { Double(first) / Double(samples) }

    var loss: Float { Float(totals[0] / Double(samples)) }

    var parts: [(name: String, value: Float)] {
        zip(names, totals).dropFirst().map { ($0, Float($1 / Double(samples))) }
    }

    private static func figures(_ loss: Loss) -> [(name: String, value: Float)] {
        [("", loss.total.item)] + loss.parts.map { ($0.name, $0.value.item) }
    }
}
