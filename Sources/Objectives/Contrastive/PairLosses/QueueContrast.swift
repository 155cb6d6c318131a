public import ConcordLayers
public import ConcordTensors

/// InfoNCE of queries among their own keys and a queue of earlier batches' keys.
///
///     loss = mean over i of  -log( e^s(q_i, k_i) / (e^s(q_i, k_i) + sum over queue j of e^s(q_i, n_j)) )
///
/// Other rows of the batch are no negatives. Keys enter the queue after the update. Labels are ignored.
///
/// ```swift
/// QueueContrast(count: 65536, dimension: 128, temperature: .fixed(0.2))                  // MoCo v2's
/// ```
/// - Source: He et al. 2020, arXiv:1911.05722, eq. 1 and algorithm 1.
public final class QueueContrast: PairLoss {
    /// The loss among the candidates; its temperature.
    public let loss: InfoNCE
    /// The keys of earlier batches.
    public let queue: MemoryQueue

    public var checkpointNames: [String: String] { ["loss": ""] }

    /// - Parameters:
    ///   - count: keys in the queue, at least 1.
    ///   - dimension: of a key.
    public init(count: Int, dimension: Int, temperature: InfoNCE.Temperature = .fixed(0.07)) {
        loss = InfoNCE(temperature: temperature, direction: .oneWay)
        queue = MemoryQueue(count: count, dimension: dimension)
    }

    /// - Parameters:
    ///   - a: queries `[N, D]`.
    ///   - b: keys `[N, D]`; no gradient reaches them.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "QueueContrast", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let keys = b.detached.l2Normalized(), count = a.shape[0]
        let bank = Tensor.concatenated([keys, queue.rows], axis: 0)
        let positives = Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let negatives = Tensor((Int32(count)..<Int32(count + queue.count)).map { $0 }, shape: [queue.count])
        if Computation.isTraining { queue.stage(keys) }
        return loss(a, in: bank, positives: positives, negatives: negatives)
    }

    public func probabilities(_ similarities: Tensor) -> Tensor { loss.probabilities(similarities) }
    public var metrics: [(name: String, value: Tensor)] { loss.metrics }
}
