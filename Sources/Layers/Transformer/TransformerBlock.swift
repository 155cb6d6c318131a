public import ConcordTensors

/// Attention and an MLP, each with a residual connection and a layer normalization; open_clip's names (`ln_1`, `attn`,
/// `ln_2`, `mlp`).
///
///     pre:   x + attn(ln_1(x)),  then  x + mlp(ln_2(x))
///     post:  ln_1(x + attn(x)),  then  ln_2(x + mlp(x))
///
/// - Source: post: Vaswani et al. 2017, arXiv:1706.03762; pre: Xiong et al. 2020, arXiv:2002.04745.
public final class TransformerBlock: Module {
    /// Where the normalizations are: before each part, or after its residual sum.
    public enum NormPlacement: String, Sendable, CaseIterable {
        /// Before each part: GPT-2, CLIP.
        case pre
        /// After each residual sum: the original transformer, BERT.
        case post
    }

    /// Initial values of the projections; the MLP's biases are PyTorch's.
    public struct Initialization: Sendable {
        /// As `nn.MultiheadAttention` where nil.
        public var attention: MultiHeadAttention.Initialization?
        /// PyTorch's where nil.
        public var expanding: Initializer?, projecting: Initializer?

        /// Initial values; PyTorch's where nil.
        public init(
            attention: MultiHeadAttention.Initialization? = nil, expanding: Initializer? = nil,
            projecting: Initializer? = nil
        ) {
            (self.attention, self.expanding, self.projecting) = (attention, expanding, projecting)
        }

        /// Every projection as `nn.Linear`.
        public static func linear(width: Int) -> Initialization { Initialization(attention: .linear(width: width)) }

        /// Every projection uniform by fan-in and fan-out, as MAE's; the MLP four times as wide as the block.
        public static func glorot(width: Int) -> Initialization {
            Initialization(
                attention: .init(
                    inputs: .glorot(fanIn: width, fanOut: 3 * width), outputs: .glorot(fanIn: width, fanOut: width)),
                expanding: .glorot(fanIn: width, fanOut: 4 * width),
                projecting: .glorot(fanIn: 4 * width, fanOut: width))
        }

        /// OpenAI's for CLIP: outputs of residual branches shrink with the depth.
        /// - Source: Radford et al. 2021, arXiv:2103.00020, as in open_clip's `init_parameters`.
        public static func clip(width: Int, depth: Int) -> Initialization {
            let width = Float(width), branch = (width * 2 * Float(max(1, depth))).squareRoot()
            return Initialization(
                attention: .init(
                    inputs: .normal(std: 1 / width.squareRoot()), outputs: .normal(std: 1 / branch)),
                expanding: .normal(std: 1 / (2 * width).squareRoot()), projecting: .normal(std: 1 / branch))
        }
    }

    /// Of the attention's part.
    public let norm1: LayerNorm
    /// The attention of a sequence to itself.
    public let attention: MultiHeadAttention
    /// Of the MLP's part.
    public let norm2: LayerNorm
    /// Two linear layers with an activation between them.
    public let mlp: MLP
    /// Where the normalizations are.
    public let placement: NormPlacement
    /// Dropout's probability on each part's output.
    public let dropout: Float

    public var checkpointNames: [String: String] { ["norm1": "ln_1", "attention": "attn", "norm2": "ln_2"] }

    /// - Parameters:
    ///   - width: C, a multiple of `heads`.
    ///   - hidden: the MLP's; four times the width where nil.
    ///   - dropout: probability on each part's output, before it is added to the residual.
    ///   - attentionDropout: probability on the attention weights; `dropout` where nil.
    ///   - activationDropout: probability after the MLP's activation; `dropout` where nil.
    public init(
        width: Int, heads: Int, hidden: Int? = nil, placement: NormPlacement = .pre, activation: Activation = .gelu,
        dropout: Float = 0, attentionDropout: Float? = nil, activationDropout: Float? = nil, epsilon: Float = 1e-5,
        initialization: Initialization = Initialization()
    ) {
        norm1 = LayerNorm(width, epsilon: epsilon)
        attention = MultiHeadAttention(
            width, heads: heads, dropout: attentionDropout ?? dropout, initialization: initialization.attention)
        norm2 = LayerNorm(width, epsilon: epsilon)
        mlp = MLP(
            width, hidden: hidden ?? 4 * width, activation: activation, dropout: activationDropout ?? dropout,
            expanding: initialization.expanding, projecting: initialization.projecting)
        (self.placement, self.dropout) = (placement, dropout)
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    ///   - causal: whether a step sees itself and earlier ones only.
    /// - Returns: `[N, T, C]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor? = nil, causal: Bool = false) -> Tensor {
        switch placement {
        case .pre:
            let y = x + dropped(attention(norm1(x), mask: mask, causal: causal))
            return y + dropped(mlp(norm2(y)))
        case .post:
            let y = norm1(x + dropped(attention(x, mask: mask, causal: causal)))
            return norm2(y + dropped(mlp(y)))
        }
    }

    private func dropped(_ x: Tensor) -> Tensor { dropout == 0 ? x : x.dropout(dropout) }
}
