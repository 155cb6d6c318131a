public import ConcordTensors

/// The newest keys of earlier batches, `[K, D]`: negatives without their encoder's pass.
///
/// Keys are staged in the forward pass and enter after the update, oldest rows first replaced, so that a batch is never
/// contrasted with itself, and each key is in the queue once, whatever accumulation and microbatches do. Rows start
/// as random directions.
///
/// ```swift
/// let queue = MemoryQueue(count: 65536, dimension: 128)
/// let negatives = queue.rows                                            // [K, D], constants
/// queue.stage(keys)                                                     // [N, D]
/// ```
/// - Source: He et al. 2020, arXiv:1911.05722, section 3.2. The paper's queue requires K to be a multiple of N; this
///   one does not.
public final class MemoryQueue: UpdateObserver {
    /// Number K of rows.
    public let count: Int
    /// Size D of a row.
    public let dimension: Int
    private let queue: Buffer
    /// The row that the next key replaces.
    private let head = Buffer(Tensor([Int32(0)], shape: []), underMicrobatches: .last)
    private let staged = StagedRows()

    public var checkpointNames: [String: String] { ["queue": "rows"] }

    /// - Parameters:
    ///   - count: rows K, at least 1.
    ///   - dimension: D, at least 1.
    public init(count: Int, dimension: Int) {
        ShapeCheck.require(
            count > 0 && dimension > 0, "MemoryQueue", "\(count) rows of \(dimension) numbers; 1 or more wanted")
        (self.count, self.dimension) = (count, dimension)
        let random = Initializer.normal(std: 1)(
            shape: [count, dimension], key: RandomKey(seed: 0).derived("queue"))
        queue = Buffer(random.l2Normalized(), underMicrobatches: .last)
    }

    /// `[K, D]`, without a gradient; in order of the ring, not of age.
    public var rows: Tensor { queue.value.detached }

    /// Notes keys that enter after the update.
    /// - Parameter keys: `[N, D]`. Of more than K the last K stay.
    public func stage(_ keys: Tensor) {
        ShapeCheck.require(
            keys.rank == 2 && keys.shape[1] == dimension, "MemoryQueue",
            "keys \(keys.shape) for a queue of [\(count), \(dimension)]")
        staged.append(keys.detached)
    }

    public func parametersDidInitialize() {}

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        guard let keys = staged.take() else { return }
        let rows = keys.shape[0], first = max(0, rows - count), start = Int(head.stored.integerScalars[0])
        var values = queue.stored.scalars
        let new = keys.scalars
        for row in first..<rows {
            let place = (start + row) % count
            values.replaceSubrange(
                place * dimension..<(place + 1) * dimension, with: new[row * dimension..<(row + 1) * dimension])
        }
        queue.assign(Tensor(values, shape: [count, dimension]))
        head.assign(Tensor([Int32((start + rows) % count)], shape: []))
    }
}
