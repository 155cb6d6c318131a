import ConcordTensors

/// Which samples are in which batch: a function of seed and epoch alone.
struct BatchPlan: Sendable {
    let count: Int, size: Int
    let seed: UInt64
    let isShuffled: Bool, dropsLast: Bool
    private let orders = EpochCache<Int, [Int32]>()

    var stepsPerEpoch: Int { dropsLast ? count / size : (count + size - 1) / size }

    func key(epoch: Int) -> RandomKey { RandomKey(seed: seed).derived("epoch", epoch) }

    /// The samples of one batch, in order.
    func indices(epoch: Int, step: Int) -> [Int] {
        let places = step * size..<min((step + 1) * size, count)
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
