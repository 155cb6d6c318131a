public import ConcordTensors

/// Training samples by number: what a sample is, before it is put into a batch.
///
/// ```swift
/// let pairs = table.samples { row, random in
///     (try Image(contentsOf: row.path("filepath")).randomResizedCrop(to: 224, using: random.nextKey()), row["title"])
/// }
/// ```
///
/// Random choices come from the sequence that the closure gets, which is a function of seed, epoch and sample: so
/// batches are the same for any number of loader threads. The closure is called on several threads at once.
public struct Samples<S: Sendable>: Sendable {
    /// Number of samples.
    public let count: Int
    let load: @Sendable (Int, RandomKey, inout RandomSequence) throws -> S
    let name: @Sendable (Int) -> String
    /// Whether a sample's number means something else in another epoch.
    let isRecomputedEachEpoch: Bool
    /// Of what is kept in memory of them; nil where nothing is.
    package internal(set) var filling: (@Sendable () -> CacheFilling)?

    /// - Parameters:
    ///   - name: what a sample is called in messages.
    ///   - load: makes sample `0 ..< count`; one that it throws for is bad: replaced, counted and named.
    public init(
        count: Int, named name: @escaping @Sendable (Int) -> String = { "sample \($0)" },
        _ load: @escaping @Sendable (_ index: Int, _ random: inout RandomSequence) throws -> S
    ) {
        (self.count, self.name, isRecomputedEachEpoch) = (count, name, false)
        self.load = { index, _, random in try load(index, &random) }
    }

    /// Samples that are composed differently each epoch, such as windows of clips in a new order.
    ///
    /// - Parameters:
    ///   - name: what a sample is called in messages.
    ///   - load: makes sample `0 ..< count` of the epoch that a key belongs to: choices that the epoch's samples share
    ///     come from it.
    public init(
        count: Int, named name: @escaping @Sendable (Int) -> String = { "sample \($0)" },
        eachEpoch load:
            @escaping @Sendable (_ index: Int, _ epoch: RandomKey, _ random: inout RandomSequence) throws -> S
    ) {
        (self.count, self.name, self.load, isRecomputedEachEpoch) = (count, name, load, true)
    }

    /// One sample outside of any batch: with a key of `LoadedBatch.keys`, and its `epochKey`, the very one that is in
    /// that batch.
    /// - Throws: what the sample's closure throws.
    public func sample(
        _ index: Int, key: RandomKey = RandomKey(seed: 0), epoch: RandomKey = RandomKey(seed: 0)
    ) throws -> S {
        var random = key.derived("load").sequence
        return try load(index, epoch, &random)
    }
}

extension Table {
    /// A sample for each row, with random choices: recomputed each epoch.
    public func samples<S: Sendable>(
        _ load: @escaping @Sendable (_ row: Row, _ random: inout RandomSequence) throws -> S
    ) -> Samples<S> {
        let table = self
        return Samples(count: count, named: { table[$0].place }) { index, random in try load(table[index], &random) }
    }

    /// What each row is before any random choice: it can be kept in memory, see `DecodedSamples`.
    public func samples<D: Sendable>(loading load: @escaping @Sendable (_ row: Row) throws -> D) -> DecodedSamples<D> {
        let table = self
        return DecodedSamples(count: count, named: { table[$0].place }) { try load(table[$0]) }
    }
}

extension TextLines {
    /// A sample for each line.
    public func samples<S: Sendable>(
        _ load: @escaping @Sendable (_ line: String, _ random: inout RandomSequence) throws -> S
    ) -> Samples<S> {
        let lines = self
        return Samples(count: count, named: { "\(lines.path):\(lines.line(of: $0))" }) { index, random in
            try load(lines[index], &random)
        }
    }
}
