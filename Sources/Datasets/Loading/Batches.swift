public import ConcordTensors
import Synchronization

/// Batches of samples, loaded ahead on threads of their own.
///
/// ```swift
/// for epoch in 0..<30 {
///     for batch in pairs.epoch(epoch) { step(try batch.get()) }
/// }
/// ```
///
/// What is in a batch is a function of the seed, the epoch and the step: not of the number of threads, nor of where the
/// epoch was entered. An epoch that is left early ends its threads; after a batch that failed it is over.
public struct Batches<B: Sendable>: Sendable {
    /// Number of samples.
    public var count: Int { plan.count }
    /// Number N of samples in a batch; the last may be shorter.
    public var batchSize: Int { plan.size }
    /// Number of batches in an epoch.
    public var stepsPerEpoch: Int { plan.stepsPerEpoch }
    /// What could not be loaded so far.
    public let badSamples: BadSamples

    private var plan: BatchPlan
    private let threads: Int, prefetch: Int
    private let name: @Sendable (Int) -> String
    private let loader: @Sendable (BatchPlan) -> Prefetcher<RawBatch<B>>.Make
    private let filling: (@Sendable () -> CacheFilling)?

    /// How much of the samples is kept in memory; nil where nothing is.
    package var cacheFilling: CacheFilling? { filling?() }
    /// Batches made ahead, at most.
    package var batchesAhead: Int { Swift.max(prefetch, threads) }

    init<S: Sendable>(_ loader: BatchLoader<S, B>, threads: Int, prefetch: Int, badLimit: Double) {
        plan = loader.plan
        name = loader.samples.name
        filling = loader.samples.filling
        self.loader = { plan in
            var loader = loader
            loader.plan = plan
            return { [loader] in loader.load($0, isStopped: $1) }
        }
        (self.threads, self.prefetch) = (threads, prefetch)
        badSamples = BadSamples(
            count: plan.count, isShuffled: plan.isShuffled, isRecomputedEachEpoch: loader.samples.isRecomputedEachEpoch,
            limit: badLimit)
    }

    /// One shard of every batch: consecutive samples of it, the same as in the whole, for processes that have one
    /// each. A batch with fewer samples than there are shards is whole in each of them.
    /// - Parameters:
    ///   - index: which share, from 0.
    ///   - count: of how many, at least 1.
    public func shard(_ index: Int, of count: Int) -> Batches {
        ShapeCheck.require((0..<count).contains(index), "shard", "\(index) of \(count)")
        var result = self
        result.plan.shard = (index, count)
        return result
    }

    /// - Throws: `DatasetError.tooFewSamples` where an epoch has no batch. The first batch of such an epoch throws the
    ///   same.
    public func validate() throws(DatasetError) {
        if stepsPerEpoch == 0 { throw .tooFewSamples(count: count, batch: batchSize) }
    }

    /// The batches of an epoch from a step on; those before it are not loaded.
    public func epoch(_ epoch: Int, startingAt step: Int = 0) -> Epoch {
        ShapeCheck.require(epoch >= 0, "epoch", "number \(epoch)")
        let first = epoch * stepsPerEpoch
        return steps(first + min(max(0, step), stepsPerEpoch)..<first + stepsPerEpoch)
    }

    /// Batches by their number counted over all epochs: loading goes on across the end of an epoch.
    public func steps(_ numbers: Range<Int>) -> Epoch {
        ShapeCheck.require(numbers.lowerBound >= 0, "steps", "\(numbers)")
        return Epoch(batches: self, numbers: numbers)
    }

    /// Batches in order. Threads start when iteration does, and end with the iterator.
    public struct Epoch: Sequence, Sendable {
        let batches: Batches
        let numbers: Range<Int>

        public var underestimatedCount: Int { 0 }

        public func makeIterator() -> Iterator { Iterator(batches, numbers) }
    }

    /// Waits for batches in their order; ends the threads when it goes away.
    public struct Iterator: IteratorProtocol {
        private let batches: Batches
        private var prefetcher: Prefetcher<RawBatch<B>>?
        private var failure: DatasetError?

        init(_ batches: Batches, _ numbers: Range<Int>) {
            self.batches = batches
            do { try batches.validate() } catch {
                failure = error
                return
            }
            prefetcher = Prefetcher(
                numbers, threads: batches.threads, ahead: batches.batchesAhead,
                make: batches.loader(batches.plan))
        }

        /// The next batch, waiting for it.
        public mutating func next() -> LoadedBatch<B>? {
            if let failure = failure.take() {
                return LoadedBatch(
                    epoch: 0, index: 0, indices: [], keys: [], epochKey: batches.plan.key(epoch: 0),
                    isShared: false, result: .failure(failure))
            }
            while let raw = prefetcher?.next() {
                var result = raw.result
                do {
                    try batches.badSamples.record(epoch: raw.epoch, good: raw.indices, bad: raw.bad, name: batches.name)
                } catch {
                    result = .failure(error)
                }
                guard let result else { continue }
                if case .failure = result { prefetcher = nil }
                return LoadedBatch(
                    epoch: raw.epoch, index: raw.step, indices: raw.indices, keys: raw.keys,
                    epochKey: batches.plan.key(epoch: raw.epoch),
                    isShared: batches.plan.isShared(step: raw.step), result: result)
            }
            prefetcher = nil
            return nil
        }
    }
}

/// One batch of an epoch, or why there is none.
public struct LoadedBatch<B: Sendable>: Sendable {
    /// The epoch, from 0.
    public let epoch: Int
    /// The step in the epoch, from 0.
    public let index: Int
    /// The samples in it, in order: rows of the table, with replacements in the place of unreadable ones.
    public let indices: [Int]
    /// A key for each sample, for choices that must not depend on the batch's make-up (masks, negatives).
    public let keys: [RandomKey]
    /// A key that all batches of the epoch share.
    public let epochKey: RandomKey
    /// Whether it is a shard of a batch whose other samples other processes have.
    public let isShared: Bool
    let result: Result<B, any Error>

    /// - Throws: what the closure that makes batches throws, or `DatasetError` where too many samples are bad, or too
    ///   few there.
    public func get() throws -> B { try result.get() }
}
