public import ConcordTensors

/// Transformer blocks over frames with sinusoidal positions, for sequences of any length.
///
/// ```swift
/// let context = TransformerContext(256, depth: 4, heads: 4, causal: true)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// ```
/// - Source: Vaswani et al. 2017, arXiv:1706.03762; pre-norm blocks with a last normalization, as Xiong et al. 2020,
///   arXiv:2002.04745.
public final class TransformerContext: SequenceLayer {
    /// The blocks in their order.
    public let blocks: [TransformerBlock]
    /// The last layer normalization.
    public let finalNorm: LayerNorm
    /// Whether a frame sees itself and earlier ones only, as predicting the next ones requires.
    public let isCausal: Bool
    public let outputDimension: Int

    public var checkpointNames: [String: String] { ["blocks": "resblocks", "finalNorm": "ln_final"] }

    /// - Parameters:
    ///   - width: C, a multiple of `heads`.
    ///   - dropout: probability in every block.
    public init(_ width: Int, depth: Int, heads: Int, causal: Bool = false, dropout: Float = 0) {
        blocks = (0..<depth).map { _ in
            TransformerBlock(width: width, heads: heads, dropout: dropout, initialization: .linear(width: width))
        }
        finalNorm = LayerNorm(width)
        (isCausal, outputDimension) = (causal, width)
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    /// - Returns: `[N, T, C]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: "TransformerContext")
        let positions = PositionalEmbedding(x.shape[1], outputDimension, form: .sinusoidal)
        return finalNorm(blocks.reduce(positions(x)) { x, block in block(x, mask: mask, causal: isCausal) })
    }
}
