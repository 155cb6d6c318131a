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
/// - Source: Gao, Zhang, Han, Callan 2021, arXiv:2101.06983, algorithm 1.
public struct GradientCache {
    private let microbatch: Int
    private var encoders: [(microbatches: Microbatches, encode: (Range<Int>) -> Tensor)] = []

    /// - Parameter microbatch: samples encoded at a time, at least 1.
    public init(microbatch: Int) { self.microbatch = microbatch }

    /// - Parameters:
    ///   - count: number N of an encoder's inputs, at least 1.
    ///   - encode: the embeddings `[n, ...]` of the inputs in a range.
    public mutating func add(count: Int, _ encode: @escaping (Range<Int>) -> Tensor) {
        ShapeCheck.require(count > 0, "GradientCache", "an encoder without inputs")
        encoders.append((Microbatches(of: count, atMost: microbatch), encode))
    }

    /// The loss of the whole batch and its gradient.
    /// - Parameter loss: of the embeddings `[N, ...]` of each encoder, in the order in which they were added.
    public func lossWithGradient(_ loss: ([Tensor]) -> Loss) -> (Loss, Gradients) {
        var starts: [RandomSequence] = []
        let embeddings = encoders.map { encoder in
            starts.append(Context.current.random)
            return Tensor.concatenated(encoder.microbatches.encoding(encoder.encode), axis: 0)
        }
        var value = Loss(Tensor(0))
        let (_, pullback) = valueWithPullback(of: embeddings) { embeddings in
            value = loss(embeddings)
            return [value.total]
        }
        var (gradients, cotangents) = pullback([Tensor(ones: value.total.shape)])
        let end = Context.current.random
        for (index, encoder) in encoders.enumerated() {
            guard let cotangent = cotangents[index] else { continue }
            encoder.microbatches.encodingAgain(from: starts[index]) { rows in
                let (again, pullback) = valueWithPullback { _ in [encoder.encode(rows)] }
                let isTrained = again[0].trace != nil  // false where all of its parameters are frozen
                gradients.add(pullback([cotangent.sliced(rows, axis: 0)]).0)
                return isTrained
            }
            cotangents[index] = nil
        }
        Context.current.random = end
        return (value, gradients)
    }
}
