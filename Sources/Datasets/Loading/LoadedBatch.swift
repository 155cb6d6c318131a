public import ConcordTensors

/// One batch of an epoch, or why there is none.
public struct LoadedBatch<B: Sendable>: Sendable {
    public let epoch: Int
    /// The step in the epoch, from 0.
    public let index: Int
    /// The samples in it, in order: rows of the table; those drawn for bad ones stand in their place.
    public let indices: [Int]
    /// A key for each sample, for choices that must not depend on the batch's make-up (masks, negatives).
    public let keys: [RandomKey]
    /// A key that all batches of the epoch share.
    public let epochKey: RandomKey
    let result: Result<B, any Error>

    /// - Throws: what the closure that makes batches throws, or `DatasetError` where too many samples are bad, or too
    ///   few there.
    public func get() throws -> B { try result.get() }
}
