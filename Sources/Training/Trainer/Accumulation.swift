import ConcordObjectives
import ConcordTensors

/// The mean, by samples, of losses and gradients over the batches of one update.
///
/// For losses that are means over samples it equals one large batch. A contrastive loss has only its own batch's
/// negatives in each part: accumulating does not add negatives.
struct Accumulation {
    /// Sums with weight 1 for the first batch, and for others by their size relative to it.
    private(set) var gradients: Gradients
    private(set) var samples: Int
    private let first: Int
    /// The loss first, then its parts; a part's mean is over the batches that had it.
    private var metrics: [(name: String, total: Double, samples: Int)]

    init(_ loss: Loss, _ gradients: Gradients, samples: Int) {
        self.gradients = gradients
        (self.samples, first) = (samples, samples)
        metrics = Self.metrics(loss).map { ($0.name, Double($0.value) * Double(samples), samples) }
    }

    mutating func add(_ loss: Loss, _ new: Gradients, samples: Int) {
        gradients.add(samples == first ? new : new.scaled(by: Float(samples) / Float(first)))
        self.samples += samples
        for (name, value) in Self.metrics(loss) {
            if !metrics.contains(where: { $0.name == name }) { metrics.append((name, 0, 0)) }
            guard let place = metrics.firstIndex(where: { $0.name == name }) else { continue }
            metrics[place].total += Double(value) * Double(samples)
            metrics[place].samples += samples
        }
    }

    /// What makes `gradients` the mean.
    var gradientFactor: Double { Double(first) / Double(samples) }

    var loss: Float { Float(metrics[0].total / Double(samples)) }

    var parts: [(name: String, value: Float)] {
        metrics.dropFirst().map { ($0.name, Float($0.total / Double($0.samples))) }
    }

    private static func metrics(_ loss: Loss) -> [(name: String, value: Float)] {
        [("", loss.total.item)] + loss.parts.map { ($0.name, $0.value.item) }
    }
}
