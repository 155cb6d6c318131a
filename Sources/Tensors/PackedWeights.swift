import Synchronization

/// Weights in the layouts that oneDNN's primitives want, kept until they change or their tensor goes.
final class PackedWeights: Sendable {
    static let shared = PackedWeights()

    private struct Key: Hashable {
        let weight: Int
        let primitive: ObjectIdentifier
    }

    private struct Entry {
        weak var weight: Storage?
        let version: Int
        let packed: Storage
        /// Keeps the identifier in the key from being given to another.
        let primitive: OneDNNConvolution
    }

    private let entries = Mutex(LeastRecentlyUsed<Key, Entry>(capacity: 512))

    subscript(weight: Storage, for primitive: OneDNNConvolution) -> Storage? {
        let key = Key(weight: weight.serial, primitive: ObjectIdentifier(primitive))
        guard let entry = entries.withLock({ $0[key] }), entry.version == weight.version else { return nil }
        return entry.packed
    }

    func insert(_ packed: Storage, of weight: Storage, version: Int, for primitive: OneDNNConvolution) {
        let key = Key(weight: weight.serial, primitive: ObjectIdentifier(primitive))
        let entry = Entry(weight: weight, version: version, packed: packed, primitive: primitive)
        entries.withLock { entries in
            entries.removeAll { $0.weight == nil }
            entries[key] = entry
        }
    }
}
