import Synchronization

/// Weights rearranged as some way of computing wants them; those that are asked for again are kept until they change or
/// their tensor goes.
final class PackedWeights: Sendable {
    static let shared = PackedWeights()

    /// Which arrangement.
    enum Layout: Hashable, Sendable {
        /// The one that a primitive of oneDNN chose.
        case oneDNN(OneDNNConvolution)
        case product(OneDNNMatmul)
        /// Those of `UnfoldedProducts`.
        case windows, turnedWindows
        /// Those of `ConvolutionProducts`.
        case filterRows, tapRows(stride: Int)
        /// Those of `StripProducts`.
        case tapColumns, tapBlocks(stride: Int)
        /// Those of a batch normalisation taken into a convolution.
        case folded(epsilon: Float), foldedBias(epsilon: Float)
    }

    private struct Key: Hashable {
        let sources: [Int]
        /// Weights of equal memory may be looked at in several shapes.
        let shape: [Int]
        let layout: Layout
    }

    /// What a packing was made of, and when.
    private struct Source {
        weak var storage: Storage?
        let version: Int

        init(_ tensor: Tensor) { (storage, version) = (tensor.storage, tensor.storage.version) }

        var isCurrent: Bool { storage?.version == version }
    }

    private struct Entry {
        let sources: [Source]
        /// Nil where it was asked for once.
        let packed: Storage?

        var isCurrent: Bool { sources.allSatisfy(\.isCurrent) }
    }

    private let entries = Mutex(LeastRecentlyUsed<Key, Entry>(capacity: 512))

    /// What `pack` makes of the weights, held from the second request for the same version of them on: a training step
    /// that asks for each arrangement once needs no memory for them (of open_clip's RN50 in bfloat16: 300 MiB), while
    /// pieces of a batch and inference pack twice.
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
