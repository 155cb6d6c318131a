import ConcordTensors
import Synchronization

/// A batch as a loader thread leaves it, before bad samples are accounted for.
struct RawBatch<B: Sendable>: Sendable {
    let epoch: Int, step: Int
    var indices: [Int] = []
    var keys: [RandomKey] = []
    var bad: [(index: Int, reason: String)] = []
    /// Nil where every sample of it was bad and none is replaced.
    var result: Result<B, any Error>?
}

/// Loads one batch: its samples one after the other, each with its own randomness, replaced where they are bad.
struct BatchLoader<S: Sendable, B: Sendable>: Sendable {
    let samples: Samples<S>
    var plan: BatchPlan
    let replacesBad: Bool
    let collate: @Sendable ([S], inout RandomSequence) throws -> B

    /// Draws for one place in a batch; with a tenth of the samples bad, one place in 10^32 needs more.
    static var attempts: Int { 32 }

    /// - Parameter number: counted over all epochs.
    func load(_ number: Int, isStopped: borrowing Atomic<Bool>) -> RawBatch<B>? {
        let (epoch, step) = number.quotientAndRemainder(dividingBy: plan.stepsPerEpoch)
        let epochKey = plan.key(epoch: epoch)
        let sampleKey = epochKey.derived("sample")
        var batch = RawBatch<B>(epoch: epoch, step: step)
        var loaded: [S] = []
        loaded.reserveCapacity(plan.size)
        for index in plan.indices(epoch: epoch, step: step) {
            if isStopped.load(ordering: .relaxed) { return nil }
            do {
                if let sample = try load(index, key: sampleKey.derived(index), epoch: epochKey, into: &batch) {
                    loaded.append(sample)
                }
            } catch {
                batch.result = .failure(error)
                return batch
            }
        }
        if !loaded.isEmpty {
            var random = epochKey.derived("batch", step).sequence
            batch.result = Result { try collate(loaded, &random) }
        }
        return batch
    }

    /// One sample, or the first good draw in its place: attempt `a` draws an index and the randomness from
    /// hash(sample's key, a).
    private func load(
        _ original: Int, key own: RandomKey, epoch: RandomKey, into batch: inout RawBatch<B>
    ) throws(DatasetError) -> S? {
        var index = original, key = own
        for attempt in 1...Self.attempts {
            do {
                let sample = try samples.sample(index, key: key, epoch: epoch)
                batch.indices.append(index)
                batch.keys.append(key)
                return sample
            } catch {
                batch.bad.append((index, "\(error)"))
            }
            guard replacesBad else { return nil }
            key = own.derived("attempt", attempt)
            var draw = key.derived("replacement").sequence
            index = draw.integer(below: samples.count)
        }
        throw .noGoodSample(name: samples.name(original), attempts: Self.attempts, reason: batch.bad.last?.reason ?? "")
    }
}
