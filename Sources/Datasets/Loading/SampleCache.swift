import Synchronization

/// How much of its items a cache keeps.
package struct CacheFilling: Sendable, Equatable {
    /// Items kept, and items that there are.
    package let kept: Int, all: Int
    /// Of the kept ones, and of those that may be.
    package let bytes: Int, limit: Int

    /// Bytes once every item was wanted, if the others are as large as the kept ones.
    package var expectedBytes: Int {
        min(max(limit, bytes), kept == 0 ? 0 : Int(Double(bytes) / Double(kept) * Double(all)))
    }
    /// Fraction of the items that are then kept.
    package var expectedFraction: Double {
        bytes == 0 ? 1 : min(1, Double(limit) / (Double(bytes) / Double(kept) * Double(all)))
    }
}

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

    /// How full it is.
    var filling: CacheFilling {
        state.withLock { state in
            CacheFilling(
                kept: state.slots.count { $0 != nil }, all: state.slots.count, bytes: state.bytes, limit: limit)
        }
    }

    subscript(index: Int) -> D? { state.withLock { $0.slots[index] } }

    func insert(_ sample: D, at index: Int, size: Int) {
        state.withLock { state in
            guard state.slots[index] == nil, state.bytes + size <= limit else { return }
            state.slots[index] = sample
            state.bytes += size
        }
    }
}
