import ConcordCommunication
import ConcordLayers
public import ConcordTensors

/// The samples of a batch in microbatches of nearly equal size.
///
/// Where several ranks share the batch, these are the samples of this rank, and means are over those of all ranks.
public struct Microbatches: Sendable {
    /// Consecutive ranges of samples.
    public let ranges: [Range<Int>]
    /// Each rank's number of samples.
    let counts: [Int]
    private let count: Int
    /// Samples of the ranks before this one.
    private let offset: Int

    /// - Parameters:
    ///   - count: number N of samples.
    ///   - microbatch: samples in a microbatch, at least 1. Sizes differ by one at most, so that no small remainder has
    ///     batch statistics of its own.
    public init(of count: Int, atMost microbatch: Int) {
        ShapeCheck.require(microbatch > 0, "Microbatches", "\(microbatch) samples in one; 1 or more wanted")
        let parts = count == 0 ? 0 : (count - 1) / microbatch + 1
        ranges = (0..<parts).map { $0 * count / parts..<($0 + 1) * count / parts }
        self.count = count
        let ranks = Communicator.current
        counts = ranks.gather(count)
        offset = counts[..<ranks.rank].reduce(0, +)
    }

    /// Whether a batch is computed as it is: it is no larger than a microbatch, and no other rank has a part of it.
    static func isWhole(_ count: Int, atMost microbatch: Int) -> Bool {
        count <= microbatch && Communicator.current.isAlone
    }

    /// The mean of a loss over all microbatches and its gradient, with one microbatch's activations at a time.
    ///
    ///     loss = sum of weight · loss(microbatch) / sum of weight
    ///
    /// Parts and metrics are averaged likewise, each over the microbatches that have it.
    /// - Parameter loss: of the samples in a range, and its weight: the number of things that its mean is over.
    public func meanWithGradient(_ loss: (Range<Int>) -> (loss: Loss, weight: Double)) -> (Loss, Gradients) {
        if counts.count > 1, ranges.count < 2 { return shareWithGradient(loss) }
        var mean = MeanLoss(), gradients = Gradients()
        _ = Context.withoutGradientSink {
            encoding { rows in
                var part = (loss: Loss(Tensor(0)), weight: 0.0)
                let pullback = Self.taped {
                    part = loss(rows)
                    return part.loss.total
                }
                gradients.add(pullback(Tensor(Float(part.weight))))
                mean.add(part.loss, weight: part.weight)
            }
        }
        mean.gather(from: .current)
        return (mean.loss, mean.weight > 0 ? gradients.scaled(by: Float(1 / mean.weight)) : Gradients())
    }

    /// The mean where this rank's share is one microbatch at most: its gradients are final as they come.
    private func shareWithGradient(_ loss: (Range<Int>) -> (loss: Loss, weight: Double)) -> (Loss, Gradients) {
        var mean = MeanLoss(), pullback: ((Tensor) -> Gradients)?, weight = 0.0
        encoding { rows in
            pullback = Self.taped {
                let part = loss(rows)
                mean.add(part.loss, weight: part.weight)
                weight = part.weight
                return part.loss.total
            }
        }
        mean.gather(from: .current)
        let gradients = pullback?(Tensor(Float(mean.weight > 0 ? weight / mean.weight : 0)))
        return (mean.loss, gradients ?? Gradients())
    }

    /// The loss of a whole batch at once, and its gradient.
    static func wholeWithGradient(_ loss: () -> Loss) -> (Loss, Gradients) {
        var value = Loss(Tensor(0))
        let pullback = taped {
            value = loss()
            return value.total
        }
        return (value, pullback(Tensor(ones: value.total.shape)))
    }

    /// Runs `body` on a tape of its own; the surrounding random state advances as the body advanced it.
    private static func taped(_ body: () -> Tensor) -> (Tensor) -> Gradients {
        var end = Context.current.random
        let (_, pullback) = valueWithPullback { _ in
            defer { end = Context.current.random }
            return [body()]
        }
        Context.current.random = end
        return { pullback([$0]).0 }
    }

    /// The results of `body` for each microbatch, without a tape. All microbatches start with the surrounding random
    /// state and end with the same; buffers are updated once.
    /// - Parameter updatingBuffers: false leaves buffers as they are.
    @discardableResult
    func encoding<R>(updatingBuffers: Bool = true, _ body: (Range<Int>) -> R) -> [R] {
        let random = Context.current.random
        var end = random, updates = BufferUpdates()
        let results = ranges.map { rows in
            let values = ParameterValues(over: Context.current.values)
            defer { updates.add(values, weight: rows.count) }
            return within(rows, random, values) {
                defer { end = Context.current.random }
                return body(rows)
            }
        }
        if updatingBuffers { updates.apply() }
        Context.current.random = end
        return results
    }

    /// The result of `body` for a batch of one microbatch, with the pullback of its cotangent.
    func encodingWithPullback(_ body: (Range<Int>) -> Tensor) -> (Tensor, pullback: (Tensor) -> Gradients) {
        ShapeCheck.require(ranges.count == 1, "Microbatches", "\(ranges.count) microbatches on one tape")
        var pullback: (([Tensor]) -> (Gradients, [Tensor?]))?
        let results = encoding { rows in
            let (output, pull) = valueWithPullback { _ in [body(rows)] }
            pullback = pull
            return output[0]
        }
        return (results[0], { pullback?([$0]).0 ?? Gradients() })
    }

    /// Runs `body` for each microbatch a second time, until it returns false: with the random state of the first time,
    /// and without any effect on buffers.
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
                $0.communicator = nil
                $0.rows = offset + rows.lowerBound..<offset + rows.upperBound
                $0.random = random
                $0.values = values
                if keys.count == count { $0.sampleKeys = Array(keys[rows]) }
            }, body)
    }
}

/// The values that the microbatches of one batch wrote to buffers (running statistics), to be stored once.
///
/// Where a buffer merges by `.mean`, the stored value is the mean over microbatches weighted by samples: a statistic
/// that follows batches with a momentum then takes the mean of the microbatches' statistics, with the momentum of one
/// step.
private struct BufferUpdates {
    private var means: [(buffer: Buffer, value: Tensor, weight: Int)] = []
    private var indices: [ObjectIdentifier: Int] = [:]
    private var staged: [(rows: StagedRows, value: Tensor)] = []

    /// - Parameters:
    ///   - values: what a microbatch wrote.
    ///   - weight: its number of samples.
    mutating func add(_ values: ParameterValues, weight: Int) {
        for case (let rows as StagedRows, let value) in values.own { staged.append((rows, value)) }
        for case (let buffer as Buffer, let value) in values.own {
            guard let index = indices[ObjectIdentifier(buffer)] else {
                indices[ObjectIdentifier(buffer)] = means.count
                means.append((buffer, value, weight))
                continue
            }
            let mean = means[index], sum = mean.weight + weight
            means[index].value =
                value.elementType == .float32 && buffer.merge == .mean
                ? mean.value + (value - mean.value) * (Float(weight) / Float(max(1, sum))) : value
            means[index].weight = sum
        }
    }

    func apply() {
        let ranks = Communicator.current
        let isMean = means.map { $0.buffer.merge == .mean && $0.value.elementType == .float32 }
        let own = zip(means, isMean).filter(\.1).map { $0.0.value * Float($0.0.weight) }
        if !ranks.isAlone, !own.isEmpty {  // the mean over ranks, in one message
            let weight = ranks.sum([Double(means[0].weight)])[0]
            let sum = ranks.sum(Tensor.concatenated(own.map { $0.reshaped([-1]) }, axis: 0)) * Float(1 / weight)
            var at = 0
            for (mean, _) in zip(means, isMean).filter(\.1) {
                mean.buffer.assign(sum.sliced(at..<at + mean.value.count, axis: 0).reshaped(mean.value.shape))
                at += mean.value.count
            }
        }
        for ((buffer, value, _), isMean) in zip(means, isMean) where ranks.isAlone || !isMean { buffer.assign(value) }
        for (rows, value) in staged { rows.append(ranks.gather(value)) }
    }
}

/// An encoder's input that can be cut into samples.
struct SlicedInput<Input: Sendable> {
    /// Number N of samples.
    let count: Int
    /// The samples of a range.
    let rows: (Range<Int>) -> Input

    /// Nil where its type is not `RowSliceable`.
    init?(_ input: Input) {
        guard let sliceable = input as? any RowSliceable else { return nil }
        count = sliceable.rowCount
        rows = { range in (sliceable.rows(in: range) as? Input) ?? input }
    }

    /// The reason that an objective over such inputs supports no microbatches; nil where it does.
    static var unsupportedReason: String? {
        Input.self is any RowSliceable.Type
            ? nil : "its input \(Input.self) cannot be cut into samples (it is not RowSliceable)"
    }
}
