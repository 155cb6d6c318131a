public import ConcordLayers
public import ConcordTensors

/// What a recipe's objective gets: the modalities of N samples, each of those that have it.
public struct MultimodalBatch: Batch {
    /// `[n, H, W, 3]`, normalised.
    public var image: Available<Tensor>?
    /// `[n, T]`.
    public var text: Available<Tokens>?
    /// `[n, S]`.
    public var audio: Available<Waveform>?
    /// `[N]` int32: samples of equal number are each other's positives; nil where only a sample's own are.
    public var labels: Tensor?
}
