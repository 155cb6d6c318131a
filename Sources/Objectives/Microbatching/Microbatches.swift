public import ConcordTensors

/// The samples of a batch in pieces of nearly equal size.
public struct Microbatches: Sendable {
    /// Neighbouring ranges of samples, in order.
    public let ranges: [Range<Int>]
    private let count: Int

    /// - Parameters:
    ///   - count: number N of samples.
    ///   - microbatch: samples a piece, at least 1. Sizes differ by one at most, so that no small rest has statistics
    ///     of its own.
    public init(of count: Int, atMost microbatch: Int) {
        ShapeCheck.require(microbatch > 0, "Microbatches", "pieces of \(microbatch) samples; 1 or more wanted")
        let pieces = (count + microbatch - 1) / microbatch
        ranges = (0..<pieces).map { $0 * count / pieces..<($0 + 1) * count / pieces }
        self.count = count
    }

    /// The mean of a loss over all pieces and its gradient, with one piece's activations at a time.
    ///
    ///     loss = sum of weight · loss(piece) / sum of weight
    ///
    /// Parts are averaged likewise, over the pieces that have them.
    /// - Parameter loss: of the samples in a range, and its weight: what its mean is over.
    public func meanWithGradient(_ loss: (Range<Int>) -> (loss: Loss, weight: Double)) -> (Loss, Gradients) {
        var mean = MeanLoss(), gradients = Gradients()
        encoding { rows in
            var piece = (loss: Loss(Tensor(0)), weight: 0.0)
            let pullback = Self.taped {
                piece = loss(rows)
                return piece.loss.total
            }
            gradients.add(pullback(Tensor(Float(piece.weight))))
            mean.add(piece.loss, weight: piece.weight)
        }
        return (mean.loss, mean.weight > 0 ? gradients.scaled(by: Float(1 / mean.weight)) : Gradients())
    }

    /// The loss and the gradient of a batch taken as one piece.
    static func wholeWithGradient(_ loss: () -> Loss) -> (Loss, Gradients) {
        var value = Loss(Tensor(0))
        let pullback = taped {
            value = loss()
            return value.total
        }
        return (value, pullback(Tensor(ones: value.total.shape)))
    }

    /// Runs `body` on a tape of its own; the randomness goes on from where it leaves it.
    private static func taped(_ body: () -> Tensor) -> (Tensor) -> Gradients {
        var end = Context.current.random
        let (_, pullback) = valueWithPullback { _ in
            defer { end = Context.current.random }
            return [body()]
        }
        Context.current.random = end
        return { pullback([$0]).0 }
    }

    /// What `body` makes of each piece, without a tape. Each starts with the surrounding randomness and ends with the
    /// same; buffers move once.
    /// - Parameter movingBuffers: false leaves them where they are.
    @discardableResult
    func encoding<R>(movingBuffers: Bool = true, _ body: (Range<Int>) -> R) -> [R] {
        let random = Context.current.random
        var end = random, moves = BufferUpdates()
        let results = ranges.map { rows in
            let values = ParameterValues(over: Context.current.values)
            defer { moves.add(values, weight: rows.count) }
            return within(rows, random, values) {
                defer { end = Context.current.random }
                return body(rows)
            }
        }
        if movingBuffers { moves.make() }
        Context.current.random = end
        return results
    }

    /// `body` for each piece once more, until it says no: with the randomness that the first time had, and no buffer
    /// moves.
    func encodingAgain(from random: RandomSequence, _ body: (Range<Int>) -> Bool) {
        for rows in ranges {
            guard within(rows, random, ParameterValues(over: Context.current.values), { body(rows) }) else { return }
        }
    }

    private func within<R>(
        _ rows: Range<Int>, _ random: RandomSequence, _ values: ParameterValues, _ body: () -> R
    ) -> R {
        let keys = Context.current.sampleKeys
        return Context.with(
            {
                $0.tape = nil
                $0.rows = rows
                $0.random = random
                $0.values = values
                if keys.count == count { $0.sampleKeys = Array(keys[rows]) }
            }, body)
    }
}

/// A weighted mean of losses and of their parts.
private struct MeanLoss {
    private var metrics: [(name: String, sum: Double, weight: Double)] = [("", 0, 0)]

    var weight: Double { metrics[0].weight }

    mutating func add(_ loss: Loss, weight: Double) {
        for (name, value) in [(name: "", value: loss.total)] + loss.parts {
            let place = metrics.firstIndex { $0.name == name } ?? metrics.count
            if place == metrics.count { metrics.append((name, 0, 0)) }
            metrics[place].sum += weight * Double(value.item)
            metrics[place].weight += weight
        }
    }

    var loss: Loss {
        let means = metrics.map { (name: $0.name, value: Tensor($0.weight > 0 ? Float($0.sum / $0.weight) : 0)) }
        return Loss(means[0].value, parts: Array(means.dropFirst()))
    }
}
