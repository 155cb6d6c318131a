public import ConcordLayers
public import ConcordTensors

/// Pictures with their texts, row by row.
public struct ImageTextBatch: Batch {
    /// `[N, H, W, 3]`, normalised.
    public let image: Tensor
    /// `[N, T]`.
    public let text: Tokens
    /// `[N]` int32: rows of equal number are each other's positives; nil where only a row's own text is.
    public let labels: Tensor?
}
