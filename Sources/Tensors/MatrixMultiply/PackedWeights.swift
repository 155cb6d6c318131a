import Synchronization

/// Weights in the layouts of the kernels that read them; those that are requested again are cached until they change or
/// their tensor is freed.
final class PackedWeights: Sendable {
    static let shared = PackedWeights()

    /// Which layout.
    enum Layout: Hashable, Sendable {
        /// The one that a primitive of oneDNN chose.
        case oneDNN(OneDNNConvolution)
        case matmul(OneDNNMatmul)
        /// Those of `Im2ColGEMM`.
        case windows, rotatedWindows
        /// Those of `SmallMapGEMM`.
        case filterRows, tapRows(stride: Int)
        /// Those of `ImplicitGEMM1D`.
        case tapColumns, tapBlocks(stride: Int)
        /// Those of `TiledWinograd`.
        case winograd(ElementType, isTurned: Bool)
        /// Those of a batch normalization folded into a convolution.
        case folded(epsilon: Float), foldedBias(epsilon: Float)
    }

    private struct Key: Hashable {
        let sources: [Int]
        /// The same memory may be used in several shapes.
        let shape: [Int]
        let layout: Layout
    }

    /// A tensor that packed weights were made from, and its version then.
    private struct Source {
        weak var storage: Storage?
        let version: Int

        init(_ tensor: Tensor) { (storage, version) = (tensor.storage, tensor.storage.version) }

        var isCurrent: Bool { storage?.version == version }
    }

    private struct Entry {
        let sources: [Source]
        /// Nil after the first request.
        let packed: Storage?

        var isCurrent: Bool { sources.allSatisfy(\.isCurrent) }
    }

    private let entries = Mutex(LeastRecentlyUsed<Key, Entry>(capacity: 512))

    /// The weights as `pack` lays them out, cached from the second request for the same version of them on: a training
    /// step that requests each layout once needs no memory for them (of open_clip's RN50 in bfloat16: 300 MiB), while
    /// microbatches and inference pack twice.
    /// - Parameter others: what the packing depends on besides.
    func callAsFunction(_ weight: Tensor, _ layout: Layout, with others: [Tensor] = [], pack: () -> Storage) -> Storage
    {
        let tensors = [weight] + others
        let key = Key(sources: tensors.map(\.storage.serial), shape: weight.shape, layout: layout)
        let known = entries.withLock { $0[key] }, isKnown = known?.isCurrent ?? false
        if isKnown, let packed = known?.packed { return packed }
        let sources = tensors.map(Source.init), packed = pack()
        let entry = Entry(sources: sources, packed: isKnown ? packed : nil)
        entries.withLock { entries in
            entries.removeAll { !$0.isCurrent }
            entries[key] = entry
        }
        return packed
    }
}
