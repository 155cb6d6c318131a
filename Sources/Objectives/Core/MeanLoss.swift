import ConcordTensors

/// A weighted mean of losses, of their parts and of their metrics, each over the losses that have it. It is summed in
/// double precision.
package struct MeanLoss {
    private struct Sum {
        var name: String
        var total = 0.0, weight = 0.0

        mutating func add(_ value: Tensor, weight: Double) {
            total += Double(value.item) * weight
            self.weight += weight
        }

        /// 0 where nothing has a weight.
        var mean: Float { weight > 0 ? Float(total / weight) : 0 }
    }

    private var whole = Sum(name: ""), partSums: [Sum] = [], metricSums: [Sum] = []

    package init() {}

    package mutating func add(_ loss: Loss, weight: Double) {
        whole.add(loss.total, weight: weight)
        Self.add(loss.parts, weight: weight, to: &partSums)
        Self.add(loss.metrics, weight: weight, to: &metricSums)
    }

    private static func add(_ values: [(name: String, value: Tensor)], weight: Double, to sums: inout [Sum]) {
        for (name, value) in values {
            let index = sums.firstIndex { $0.name == name } ?? sums.count
            if index == sums.count { sums.append(Sum(name: name)) }
            sums[index].add(value, weight: weight)
        }
    }

    /// Sum of the weights.
    package var weight: Double { whole.weight }
    package var total: Float { whole.mean }
    package var parts: [(name: String, value: Float)] { partSums.map { ($0.name, $0.mean) } }
    package var metrics: [(name: String, value: Float)] { metricSums.map { ($0.name, $0.mean) } }

    /// The means as a loss, without a gradient.
    var loss: Loss {
        Loss(
            Tensor(total), parts: parts.map { ($0.name, Tensor($0.value)) },
            metrics: metrics.map { ($0.name, Tensor($0.value)) })
    }
}
