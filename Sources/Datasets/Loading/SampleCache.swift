import Synchronization

/// Decoded samples in memory, up to a limit of bytes.
///
/// What is in stays: with a new order every epoch, throwing out the oldest would throw out what is wanted next.
final class SampleCache<D: Sendable>: Sendable {
    private struct State {
        var slots: [D?]
        var bytes = 0
    }

    private let limit: Int
    private let state: Mutex<State>

    init(count: Int, limit: Int) {
        self.limit = limit
        state = Mutex(State(slots: Array(repeating: nil, count: count)))
    }

    /// Bytes kept.
    var bytes: Int { state.withLock { $0.bytes } }

    subscript(index: Int) -> D? { state.withLock { $0.slots[index] } }

    func insert(_ sample: D, at index: Int, size: Int) {
        state.withLock { state in
            guard state.slots[index] == nil, state.bytes + size <= limit else { return }
            state.slots[index] = sample
            state.bytes += size
        }
    }
}
