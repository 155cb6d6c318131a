import ConcordTensors

/// Which samples are in which batch: a function of seed and epoch alone.
struct BatchPlan: Sendable {
    let count: Int, size: Int
    let seed: UInt64
    let isShuffled: Bool, dropsLast: Bool
    /// Of every batch that can be cut into so many, the one part that is loaded.
    var shard = (index: 0, count: 1)
    private let orders = EpochCache<Int, [Int32]>()

    var stepsPerEpoch: Int { dropsLast ? count / size : (count + size - 1) / size }

    func key(epoch: Int) -> RandomKey { RandomKey(seed: seed).derived("epoch", epoch) }

    /// Whether a batch is loaded in shards: there is a sample for each.
    func isShared(step: Int) -> Bool { shard.count > 1 && whole(step).count >= shard.count }

    private func whole(_ step: Int) -> Range<Int> { step * size..<min((step + 1) * size, count) }

    /// The samples of one batch, or of its shard, in order.
    func indices(epoch: Int, step: Int) -> [Int] {
        var places = whole(step)
        if isShared(step: step) {
            let (first, count) = (places.lowerBound, places.count)
            places = first + shard.index * count / shard.count..<first + (shard.index + 1) * count / shard.count
        }
        guard isShuffled else { return Array(places) }
        return orders.value(of: epoch) { order(epoch: epoch) }[places].map(Int.init)
    }

    private func order(epoch: Int) -> [Int32] {
        var random = key(epoch: epoch).derived("order").sequence
        var order = Array(0..<Int32(count))
        order.shuffle(using: &random)
        return order
    }

    init(count: Int, size: Int, seed: UInt64, isShuffled: Bool, dropsLast: Bool) {
        (self.count, self.size, self.seed) = (count, size, seed)
        (self.isShuffled, self.dropsLast) = (isShuffled, dropsLast)
    }
}
