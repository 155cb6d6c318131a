import ConcordCommunication
public import ConcordTensors

/// The gradient of a loss that needs all embeddings of a batch at once, from encoders that see a few samples at a time.
///
/// ```swift
/// var cache = GradientCache(microbatch: 16)
/// cache.add(count: images.rowCount) { encoder(images.rows(in: $0)) }
/// let (loss, gradients) = cache.lossWithGradient { embeddings in Loss(infoNCE(embeddings[0], targets)) }
/// ```
///
/// 1. Each microbatch is encoded without a tape; the embeddings `[N, D]` are kept.
/// 2. The loss of all embeddings is computed, with its gradients for the embeddings and for the loss's own parameters.
/// 3. Each microbatch is encoded again, with a tape and the same random state; the gradients of its embeddings are
///   pulled back to the parameters and added up.
///
/// Memory: the activations of one microbatch, the inputs, the embeddings, and the gradients twice.
///
/// Where several ranks share the batch, each encodes its own samples, and the loss is that of the embeddings of all
/// ranks, behind each other: what else it depends on has to be gathered too. A share that is no larger than a microbatch
/// is encoded once.
/// - Source: Gao, Zhang, Han, Callan 2021, arXiv:2101.06983, algorithm 1.
public struct GradientCache {
    private let microbatch: Int
    private var encoders: [Encoder] = []

    private struct Encoder {
        let microbatches: Microbatches
        let encode: (Range<Int>) -> Tensor
        let views: Int

        /// The embeddings of all ranks, in the order of the whole batch.
        func gathered(_ embeddings: Tensor) -> Tensor {
            let all = embeddings.gatheredFromRanks(rows: microbatches.counts)
            guard views > 1, microbatches.counts.count > 1 else { return all }
            // From rank by rank to view by view.
            let counts = microbatches.counts.map { $0 / views }
            var order: [Int32] = []
            for view in 0..<views {
                var first = 0
                for count in counts {
                    order += (0..<count).map { Int32(first + view * count + $0) }
                    first += views * count
                }
            }
            return all.gathered(at: Tensor(order, shape: [order.count]))
        }
    }

    /// - Parameter microbatch: samples encoded at a time, at least 1.
    public init(microbatch: Int) { self.microbatch = microbatch }

    /// - Parameters:
    ///   - count: number N of an encoder's inputs, at least 1.
    ///   - views: of how many views of each sample the inputs are, view by view.
    ///   - encode: the embeddings `[n, ...]` of the inputs in a range.
    public mutating func add(count: Int, views: Int = 1, _ encode: @escaping (Range<Int>) -> Tensor) {
        ShapeCheck.require(count > 0, "GradientCache", "an encoder without inputs")
        encoders.append(
            Encoder(microbatches: Microbatches(of: count, atMost: microbatch), encode: encode, views: views))
    }

    /// An encoder that other ranks have inputs of, and this one has none.
    /// - Parameter width: D of its embeddings `[N, D]`.
    mutating func addNone(width: Int) {
        encoders.append(
            Encoder(
                microbatches: Microbatches(of: 0, atMost: microbatch),
                encode: { _ in Tensor(zeros: [0, width]) }, views: 1))
    }

    /// The loss of the whole batch and its gradient.
    /// - Parameters:
    ///   - isGathering: false gives the loss this rank's embeddings alone, for one that sees to the others' itself.
    ///   - loss: of the embeddings `[N, ...]` of each encoder, in the order in which they were added.
    public func lossWithGradient(isGathering: Bool = true, _ loss: ([Tensor]) -> Loss) -> (Loss, Gradients) {
        let ranks = Communicator.current
        var starts: [RandomSequence] = [], pullbacks: [((Tensor) -> Gradients)?] = []
        let embeddings = encoders.map { encoder in
            starts.append(Context.current.random)
            guard !encoder.microbatches.ranges.isEmpty else {
                pullbacks.append { _ in Gradients() }
                return encoder.encode(0..<0)
            }
            guard !ranks.isAlone, encoder.microbatches.ranges.count == 1 else {
                pullbacks.append(nil)
                return Tensor.concatenated(encoder.microbatches.encoding(encoder.encode), axis: 0)
            }
            let (output, pullback) = encoder.microbatches.encodingWithPullback(encoder.encode)
            pullbacks.append(pullback)
            return output.detached
        }
        var value = Loss(Tensor(0))
        let (_, pullback) = valueWithPullback(of: embeddings) { embeddings in
            value = loss(isGathering ? zip(encoders, embeddings).map { $0.gathered($1) } : embeddings)
            return [value.total]
        }
        // Every rank computes the loss: together they differentiate it once.
        var (gradients, cotangents) = pullback([Tensor(ones: value.total.shape) * (1 / Float(ranks.count))])
        let end = Context.current.random
        for (index, encoder) in encoders.enumerated() {
            guard let cotangent = cotangents[index] else { continue }
            cotangents[index] = nil
            if let pullback = pullbacks[index].take() {
                gradients.add(pullback(cotangent))
                continue
            }
            encoder.microbatches.encodingAgain(from: starts[index]) { rows in
                let (again, pullback) = valueWithPullback { _ in [encoder.encode(rows)] }
                let isTrained = again[0].trace != nil  // false where all of its parameters are frozen
                gradients.add(pullback([cotangent.sliced(rows, axis: 0)]).0)
                return isTrained
            }
        }
        Context.current.random = end
        return (value, gradients)
    }
}
