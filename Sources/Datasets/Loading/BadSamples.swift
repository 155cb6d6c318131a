import ConcordFiles
import Logging
import Synchronization

/// The samples that could not be loaded: counted, named in the log once each, and too many of them are an error.
///
/// Batches are accounted for in their order, whatever thread loaded them first, so the same run stops at the same step.
/// Samples that are composed differently each epoch are counted per epoch: their fraction is that of one epoch, and
/// what made one bad is named once.
public final class BadSamples: Sendable {
    /// An unreadable sample.
    public struct Example: Sendable {
        /// The file, or the table's line.
        public let name: String
        /// Why it could not be loaded, in one line.
        public let reason: String
    }

    private struct State {
        var tried: [UInt64]
        var triedCount = 0
        var bad: Set<Int> = []
        var examples: [Example] = []
        /// Of epochs before, where samples are others each time.
        var epoch = 0, badBefore = 0, triedBefore = 0
        var reasons: Set<String> = []

        mutating func begin(_ epoch: Int) {
            guard epoch != self.epoch else { return }
            badBefore += bad.count
            triedBefore += triedCount
            (self.epoch, bad, triedCount, tried) = (epoch, [], 0, Array(repeating: 0, count: tried.count))
        }

        mutating func mark(_ index: Int) {
            let bit = UInt64(1) << UInt64(index & 63)
            if tried[index >> 6] & bit == 0 {
                tried[index >> 6] |= bit
                triedCount += 1
            }
        }
    }

    /// The fraction of distinct samples that may be bad.
    public let limit: Double
    private let total: Int
    private let isShuffled: Bool, isRecomputedEachEpoch: Bool
    private let state: Mutex<State>

    init(count: Int, isShuffled: Bool, isRecomputedEachEpoch: Bool, limit: Double) {
        total = count
        (self.isShuffled, self.isRecomputedEachEpoch) = (isShuffled, isRecomputedEachEpoch)
        self.limit = limit
        state = Mutex(State(tried: Array(repeating: 0, count: (count + 63) / 64)))
    }

    /// Distinct bad samples so far.
    public var count: Int { state.withLock { $0.badBefore + $0.bad.count } }
    /// Distinct samples tried so far.
    public var triedCount: Int { state.withLock { $0.triedBefore + $0.triedCount } }
    /// The first ten, with their reasons.
    public var examples: [Example] { state.withLock { $0.examples } }

    /// Accounts for one batch.
    func record(
        epoch: Int, good: [Int], bad: [(index: Int, reason: String)], name: (Int) -> String
    ) throws(DatasetError) {
        let (new, error) = state.withLock { state -> ([Example], DatasetError?) in
            if isRecomputedEachEpoch { state.begin(epoch) }
            for index in good { state.mark(index) }
            var new: [Example] = []
            for (index, reason) in bad {
                state.mark(index)
                guard state.bad.insert(index).inserted, !isRecomputedEachEpoch || state.reasons.insert(reason).inserted
                else {
                    continue
                }
                new.append(Example(name: name(index), reason: reason))
            }
            state.examples += new.prefix(10 - state.examples.count)
            return (new, bad.isEmpty ? nil : excess(of: state))
        }
        if !new.isEmpty {
            let log = Logger(label: "concord.datasets")
            for example in new { log.warning("unreadable sample skipped: \(PathEncoding.readable(example.line))") }
        }
        if let error { throw error }
    }

    /// One bad sample is always let through if there is a good one.
    ///
    /// In random order the fraction so far estimates the whole's: four standard deviations above the limit it is
    /// believed. In the samples' own order, where unreadable ones may follow each other, only as many as would be too
    /// many of all are.
    private func excess(of state: State) -> DatasetError? {
        let bad = state.bad.count, tried = state.triedCount
        guard tried >= min(8, total), bad > 1 || bad == total else { return nil }
        var allowed = limit * Double(total)
        if isShuffled, tried < total {
            let expected = limit * Double(tried)
            allowed = min(allowed, expected + 4 * (expected * (1 - limit)).squareRoot())
        }
        guard Double(bad) > allowed || bad == total || (isShuffled && bad == tried) else { return nil }
        return .tooManyBadSamples(
            fraction: Double(bad) / Double(tried), limit: limit, bad: bad, tried: tried,
            examples: state.examples.prefix(3).map(\.line))
    }
}

extension BadSamples.Example {
    /// The name and the reason, which has the name already in most cases.
    package var line: String { reason.hasPrefix(name) ? reason : "\(name): \(reason)" }
}
