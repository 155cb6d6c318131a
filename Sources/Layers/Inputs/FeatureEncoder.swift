public import ConcordTensors

/// From a batch of inputs to one embedding for each sample.
public protocol FeatureEncoder<Input>: Module {
    /// A batch of inputs: a tensor, ``Tokens``, a ``Waveform``.
    associatedtype Input: Sendable
    /// Size D of the embedding.
    var outputDimension: Int { get }
    /// - Returns: `[N, D]`.
    func callAsFunction(_ input: Input) -> Tensor
}

/// An encoder whose two halves can be had apart: masked and predictive objectives work between them.
public protocol SequenceEncoder<Input>: FeatureEncoder {
    /// Size C of a local feature.
    var featureDimension: Int { get }
    /// Local frames or token embeddings `[N, T, C]`, and which of them are real `[N, T]` (uint8), nil where all are.
    func features(_ input: Input) -> (features: Tensor, mask: Tensor?)
    /// Features in their context, `[N, T, D]`.
    func context(_ features: Tensor, mask: Tensor?) -> Tensor
}

/// A sequence encoder of tokens.
public protocol TokenEncoder: SequenceEncoder where Input == Tokens {
    /// The ids that it reads.
    var vocabulary: Vocabulary { get }
    /// The token table `[V, C]`, which a language-model head shares.
    var tokenTable: Parameter { get }
}

/// A sequence encoder of images whose steps are their patches: masked image modeling replaces or leaves out some.
///
///     context(prefixed(placed(embedded(images))))                        [N, prefix + L, D]
public protocol PatchEncoder: SequenceEncoder where Input == Tensor {
    /// Side P of a patch in pixels.
    var patch: Int { get }
    /// How many tokens `prefixed(_:)` puts before the patches.
    var prefixCount: Int { get }
    /// One token a patch, without its place: `[N, H, W, 3]` to `[N, L, C]`, row by row.
    func embedded(_ images: Tensor) -> Tensor
    /// Tokens `[N, L, C]` of a grid of `rows` x `columns` patches with their places.
    func placed(_ tokens: Tensor, rows: Int, columns: Int) -> Tensor
    /// Tokens `[N, T, C]` behind those that belong to no patch, `[N, prefix + T, C]`.
    func prefixed(_ tokens: Tensor) -> Tensor
}

/// An encoder of images whose last feature map can be had: convolutional pretexts predict at its places.
public protocol FeatureMapEncoder: FeatureEncoder where Input == Tensor {
    /// Pixels between neighboring places of the map.
    var stride: Int { get }
    /// Channels C of the map.
    var mapDimension: Int { get }
    /// - Parameter images: `[N, H, W, 3]`.
    /// - Returns: `[N, H / stride, W / stride, C]`, rounded up.
    func features(_ images: Tensor) -> Tensor
}

extension Tensor {
    /// The mean of the real steps of sequences `[N, T, D]`; zeros for a sequence without one.
    /// - Parameter mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    /// - Returns: `[N, D]`.
    package func meanOfSteps(mask: Tensor?) -> Tensor {
        guard let mask else { return mean(axis: 1) }
        let weights = mask.converted(to: .float32).expandingAxis(at: 2)  // [N, T, 1]
        return (self * weights).sum(axis: 1) / weights.sum(axis: 1).maximum(Tensor(1))
    }
}
