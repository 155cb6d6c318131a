import ConcordCommunication
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// A pair loss of embeddings that ranks have parts of.
struct LossCheck {
    let name: String
    /// Of the whole batch.
    let whole: (_ a: Tensor, _ b: Tensor, _ labels: Tensor?) -> Tensor
    /// Of this rank's rows; nil: there is no ring form.
    var ring: ((_ a: Tensor, _ b: Tensor, _ labels: Tensor?) -> Tensor)?
    let parameters: [Parameter]
    /// Of the whole batch.
    var labels: [Int32]?
    var precision = Precision.float32
    /// Relative to the largest: of value and gradients against one process, and of the ring against the gathered form.
    var tolerance = 1e-5, ringTolerance = 1e-6

    /// A loss, the gradients of both sides, and those of the parameters.
    struct Outcome {
        let value: Float
        let sides: [Tensor]
        let parameters: [Tensor]
    }

    /// What this process finds, with an upstream gradient of `upstream`.
    private func outcome(
        _ a: Tensor, _ b: Tensor, upstream: Float, _ body: (_ a: Tensor, _ b: Tensor) -> Tensor
    ) -> Outcome {
        let (outputs, pullback) = withPrecision(precision) {
            valueWithPullback(of: [a, b]) { [body($0[0], $0[1])] }
        }
        let (gradients, sides) = pullback([Tensor(upstream)])  // outside of the loss's own surroundings
        return Outcome(
            value: outputs[0].item, sides: zip(sides, [a, b]).map { $0 ?? Tensor(zeros: $1.shape) },
            parameters: parameters.map { gradients[$0] ?? Tensor(zeros: []) })
    }

    /// What one process finds for the whole batch.
    func alone(_ a: Tensor, _ b: Tensor) -> Outcome {
        let labels = labels.map { Tensor($0, shape: [$0.count]) }
        return outcome(a, b, upstream: 1) { whole($0, $1, labels) }
    }

    /// What this rank finds, of the embeddings of all gathered on each.
    func gathered(_ a: Tensor, _ b: Tensor, rows: [Int], _ ranks: Communicator) -> Outcome {
        let labels = labels.map { Tensor($0, shape: [$0.count]) }
        return summed(
            withCommunicator(ranks) {
                outcome(a, b, upstream: 1 / Float(ranks.count)) {
                    whole($0.gatheredFromRanks(rows: rows), $1.gatheredFromRanks(rows: rows), labels)
                }
            }, ranks)
    }

    /// What this rank finds, of blocks that go around.
    func circulated(_ a: Tensor, _ b: Tensor, rows: Range<Int>, _ ranks: Communicator) -> Outcome? {
        guard let ring else { return nil }
        let labels = labels.map { Tensor(Array($0[rows]), shape: [rows.count]) }
        return summed(
            withCommunicator(ranks) {
                outcome(a, b, upstream: 1 / Float(ranks.count)) { ring($0, $1, labels) }
            }, ranks)
    }

    /// Parameters' gradients are the sum over ranks.
    private func summed(_ outcome: Outcome, _ ranks: Communicator) -> Outcome {
        Outcome(
            value: outcome.value, sides: outcome.sides, parameters: outcome.parameters.map { ranks.sum($0.copied()) })
    }
}

extension LossCheck.Outcome {
    /// The largest differences of the value, of the sides' gradients and of the parameters'.
    /// - Parameters:
    ///   - rows: which rows of the other's sides these are.
    ///   - whole: whose largest gradients are the measure.
    func differences(from other: Self, rows: Range<Int>, whole: Self) -> [Double] {
        let size = max(abs(Double(whole.value)), 1e-3)
        let sides = zip(zip(sides, other.sides), whole.sides).map { pair, whole in
            difference(pair.0, pair.1.sliced(rows, axis: 0), relativeTo: whole)
        }
        let parameters = zip(zip(parameters, other.parameters), whole.parameters).map { pair, whole in
            difference(pair.0, pair.1, relativeTo: whole)
        }
        return [
            abs(Double(value) - Double(other.value)) / size, sides.max() ?? 0, parameters.max() ?? 0,
        ].map { $0.isNaN ? .infinity : $0 }
    }
}
