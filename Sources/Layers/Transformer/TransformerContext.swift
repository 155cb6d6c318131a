public import ConcordTensors

/// Transformer blocks over frames, for sequences of any length.
///
/// ```swift
/// let context = TransformerContext(256, depth: 4, heads: 4, causal: true)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// let wav2vec2 = TransformerContext(
///     768, depth: 12, heads: 12, positions: .convolutional(kernel: 128, groups: 16), placement: .post)
/// ```
/// With pre-norm blocks a last normalization follows them; with post-norm blocks it is in front of them, behind the
/// positions. In checkpoints: `projection.…`, `pos_conv.…`, `resblocks.0.…`, `ln_final.…`.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762; pre-norm: Xiong et al. 2020, arXiv:2002.04745; convolutional
///   positions and the place of the normalization beside post-norm blocks: Baevski et al. 2020, arXiv:2006.11477.
public final class TransformerContext: SequenceLayer {
    /// How a frame knows its place.
    public enum Positions: Hashable, Sendable {
        /// Fixed waves.
        case sinusoidal
        /// ``ConvolutionalPositions``, which see later frames too.
        case convolutional(kernel: Int, groups: Int)
    }

    /// From the frames' size to the blocks' width, where it is another.
    public let projection: Linear?
    /// Nil where positions are sinusoidal.
    public let positions: ConvolutionalPositions?
    /// The blocks in their order.
    public let blocks: [TransformerBlock]
    /// The layer normalization behind the blocks, or in front of post-norm ones.
    public let finalNorm: LayerNorm
    /// Whether a frame sees itself and earlier ones only, as predicting the next ones requires.
    public let isCausal: Bool
    /// Dropout's probability on the frames with their positions.
    public let dropout: Float
    public let outputDimension: Int
    private let placement: TransformerBlock.NormPlacement

    public var checkpointNames: [String: String] {
        ["blocks": "resblocks", "finalNorm": "ln_final", "positions": "pos_conv"]
    }

    /// - Parameters:
    ///   - inputs: size C of a frame.
    ///   - width: D of the blocks, a multiple of `heads`; C where nil. Where it is another, a linear layer is in front.
    ///   - dropout: probability in every block, and on the frames with convolutional positions.
    ///   - positions: convolutional ones see later frames, and are for contexts that are not causal.
    ///   - placement: of the blocks' normalizations.
    public init(
        _ inputs: Int, width: Int? = nil, depth: Int, heads: Int, causal: Bool = false, dropout: Float = 0,
        positions: Positions = .sinusoidal, placement: TransformerBlock.NormPlacement = .pre
    ) {
        let width = width ?? inputs
        projection = width == inputs ? nil : Linear(inputs, width)
        switch positions {
        case .sinusoidal: self.positions = nil
        case .convolutional(let kernel, let groups):
            ShapeCheck.require(!causal, "TransformerContext", "convolutional positions see later frames; not causal")
            self.positions = ConvolutionalPositions(width, kernel: kernel, groups: groups)
        }
        blocks = (0..<depth).map { _ in
            TransformerBlock(
                width: width, heads: heads, placement: placement, dropout: dropout,
                initialization: .linear(width: width))
        }
        finalNorm = LayerNorm(width)
        (isCausal, outputDimension, self.placement, self.dropout) = (causal, width, placement, dropout)
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    /// - Returns: `[N, T, D]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: "TransformerContext")
        let frames = projection.map { $0(x) } ?? x
        var y = positions.map { $0(frames, mask: mask) }
            ?? PositionalEmbedding(x.shape[1], outputDimension, form: .sinusoidal)(frames)
        if placement == .post { y = finalNorm(y) }
        if positions != nil, dropout > 0 { y = y.dropout(dropout) }
        y = blocks.reduce(y) { x, block in block(x, mask: mask, causal: isCausal) }
        return placement == .post ? y : finalNorm(y)
    }
}
