import Synchronization

/// Weights rearranged as some way of computing wants them, kept until they change or their tensor goes.
final class PackedWeights: Sendable {
    static let shared = PackedWeights()

    /// Which arrangement.
    enum Layout: Hashable, Sendable {
        /// The one that a primitive of oneDNN chose.
        case oneDNN(OneDNNConvolution)
        /// Those of `ConvolutionProducts`.
        case filterRows, tapRows(stride: Int)
        /// Those of `StripProducts`.
        case tapColumns, tapBlocks(stride: Int)
    }

    private struct Key: Hashable {
        let weight: Int
        /// Weights of equal memory may be looked at in several shapes.
        let shape: [Int]
        let layout: Layout
    }

    private struct Entry {
        weak var weight: Storage?
        let version: Int
        let packed: Storage
    }

    private let entries = Mutex(LeastRecentlyUsed<Key, Entry>(capacity: 512))

    /// What `pack` makes of the weights, made once for each version of them.
    func callAsFunction(_ weight: Tensor, _ layout: Layout, pack: () -> Storage) -> Storage {
        let key = Key(weight: weight.storage.serial, shape: weight.shape, layout: layout), version = weight.storage.version
        if let entry = entries.withLock({ $0[key] }), entry.version == version { return entry.packed }
        let packed = pack()
        let entry = Entry(weight: weight.storage, version: version, packed: packed)
        entries.withLock { entries in
            entries.removeAll { $0.weight == nil }
            entries[key] = entry
        }
        return packed
    }
}
