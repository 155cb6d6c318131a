public import ConcordLayers
public import ConcordTensors

/// InfoNCE where a sample's positive is the nearest neighbor of its other view among the views of earlier batches.
///
///     loss = mean over i of  -log( e^s(n_i, p_i) / sum over j of e^s(n_i, p_j) ),   n_i = the key nearest to z_i
///
/// `p` are predictions of one view and `z` the projections of the other. Over both views it is the mean of both
/// directions; the first view's projections enter the queue after the update. No gradient reaches neighbors. Labels are
/// ignored.
///
/// ```swift
/// let nnclr = SelfDistillation(
///     ResNet(depth: 18, stem: .cifar), projector: ProjectionHead(512, hidden: 2048, 256, layers: 3, norm: .all),
///     predictor: ProjectionHead(256, hidden: 4096, 256, norm: .hidden), target: .online,
///     loss: NearestNeighborContrast(count: 16384, dimension: 256, temperature: .fixed(0.1)))
/// ```
/// At chance `ln N`.
/// - Source: Dwibedi et al. 2021, arXiv:2104.14548, eq. 5 and algorithm 1; neighbors as the queries and the first view
///   alone in the queue, as in solo-learn.
public final class NearestNeighborContrast: PairLoss {
    /// The loss among the predictions of a batch; its temperature.
    public let loss: InfoNCE
    /// The projections of earlier batches.
    public let queue: MemoryQueue

    public var checkpointNames: [String: String] { ["loss": ""] }

    /// - Parameters:
    ///   - count: projections in the queue, at least 1.
    ///   - dimension: of a projection.
    public init(count: Int, dimension: Int, temperature: InfoNCE.Temperature = .fixed(0.1)) {
        loss = InfoNCE(temperature: temperature, direction: .oneWay)
        queue = MemoryQueue(count: count, dimension: dimension)
    }

    /// - Parameters:
    ///   - a: predictions `[N, D]`.
    ///   - b: projections of the other view, `[N, D]`, which enter the queue; no gradient reaches them.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        stage(b)
        return contrast(a, b)
    }

    public func symmetric(
        predictions: (Tensor, Tensor), targets: (Tensor, Tensor), labels: Tensor?
    ) -> Tensor {
        stage(targets.0)
        return (contrast(predictions.0, targets.1) + contrast(predictions.1, targets.0)) * 0.5
    }

    private func stage(_ keys: Tensor) {
        if Computation.isTraining { queue.stage(keys.detached.l2Normalized()) }
    }

    private func contrast(_ a: Tensor, _ b: Tensor) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "NearestNeighborContrast",
            "\(a.shape) against \(b.shape): two [N, D] wanted")
        return loss(neighbors(of: b.detached.l2Normalized()), a)
    }

    /// The key of the queue with the largest cosine for each row; keys have length 1. `[N, D]`, a constant.
    private func neighbors(of x: Tensor) -> Tensor {
        detached {
            let keys = queue.rows, rows = Swift.max(1, (1 << 22) / keys.shape[0])  // 16 MiB of cosines
            let found = stride(from: 0, to: x.shape[0], by: rows).map { first in
                withPrecision(.float32) {
                    x.sliced(first..<min(first + rows, x.shape[0]), axis: 0).matmul(keys, transposing: .right)
                }.argmax(axis: 1)
            }
            return keys.gathered(at: found.count == 1 ? found[0] : .concatenated(found, axis: 0))
        }
    }
}
