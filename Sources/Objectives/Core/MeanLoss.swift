import ConcordCommunication
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

        mutating func add(_ other: Sum) {
            total += other.total
            weight += other.weight
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

    /// Adds the sums of all ranks, in the order of ranks.
    mutating func gather(from ranks: Communicator) {
        guard !ranks.isAlone else { return }
        let own = ([("whole", whole)] + partSums.map { ("part", $0) } + metricSums.map { ("metric", $0) }).map {
            kind, sum in
            "\(kind)\t\(sum.name)\t\(sum.total.bitPattern)\t\(sum.weight.bitPattern)"
        }
        self = MeanLoss()
        for text in ranks.gather(Array(own.joined(separator: "\n").utf8)) {
            for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                guard fields.count == 4, let total = UInt64(fields[2]), let weight = UInt64(fields[3]) else { continue }
                let sum = Sum(
                    name: String(fields[1]), total: Double(bitPattern: total), weight: Double(bitPattern: weight))
                switch fields[0] {
                case "whole": whole.add(sum)
                case "part": Self.add(sum, to: &partSums)
                default: Self.add(sum, to: &metricSums)
                }
            }
        }
    }

    private static func add(_ sum: Sum, to sums: inout [Sum]) {
        guard let index = sums.firstIndex(where: { $0.name == sum.name }) else { return sums.append(sum) }
        sums[index].add(sum)
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
