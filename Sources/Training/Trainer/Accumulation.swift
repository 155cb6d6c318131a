import ConcordObjectives
import ConcordTensors

/// The mean, by samples, of losses and gradients over the batches of one update.
///
/// For losses that are means over samples it equals one large batch. In a contrastive loss each batch has only its own
/// negatives: accumulation does not add any.
struct Accumulation {
    /// Sums with weight 1 for the first batch, and for others by their size relative to it.
    private(set) var gradients: Gradients
    private(set) var samples: Int
    private(set) var mean = MeanLoss()
    private let first: Int

    init(_ loss: Loss, _ gradients: Gradients, samples: Int) {
        self.gradients = gradients
        (self.samples, first) = (samples, samples)
        mean.add(loss, weight: Double(samples))
    }

    mutating func add(_ loss: Loss, _ new: Gradients, samples: Int) {
        gradients.add(samples == first ? new : new.scaled(by: Float(samples) / Float(first)))
        self.samples += samples
        mean.add(loss, weight: Double(samples))
    }

    /// The factor that turns `gradients` into their mean.
    var gradientFactor: Double { Double(first) / Double(samples) }
}
