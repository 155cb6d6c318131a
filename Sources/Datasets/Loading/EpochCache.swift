import Synchronization

/// A value for each of the epochs under way, computed once: loaders are in one or two epochs at a time.
final class EpochCache<Epoch: Equatable & Sendable, Value: Sendable>: Sendable {
    private let recent = Mutex<[(epoch: Epoch, value: Value)]>([])

    func value(of epoch: Epoch, compute: () -> Value) -> Value {
        recent.withLock { recent in
            if let known = recent.first(where: { $0.epoch == epoch }) { return known.value }
            let value = compute()
            recent = recent.suffix(1) + [(epoch, value)]
            return value
        }
    }
}
