public import ConcordTensors

/// Attention of a sequence to itself in several heads, with PyTorch's names (`in_proj_weight`, `in_proj_bias`,
/// `out_proj`).
///
///     out_proj(softmax(q kᵀ / sqrt(C / heads)) v),   [q k v] = x in_projᵀ
///
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.
public final class MultiHeadAttention: Module {
    /// Initial values of the two projections.
    public struct Initialization: Sendable {
        /// Of the packed projection `[3C, C]`, and of its biases.
        public var inputs: Initializer, inputBiases: Initializer
        /// Of the output projection `[C, C]`, and of its biases.
        public var outputs: Initializer, outputBiases: Initializer

        /// Initial values of both projections; biases are zero by default.
        public init(
            inputs: Initializer, inputBiases: Initializer = .zeros, outputs: Initializer,
            outputBiases: Initializer = .zeros
        ) {
            (self.inputs, self.inputBiases, self.outputs, self.outputBiases) = (
                inputs, inputBiases, outputs, outputBiases
            )
        }

        /// As `nn.MultiheadAttention`: Glorot's for the packed projection, zero biases.
        public static func glorot(width: Int) -> Initialization {
            Initialization(inputs: .glorot(fanIn: width, fanOut: 3 * width), outputs: .fanIn(width))
        }

        /// As two `nn.Linear`.
        public static func linear(width: Int) -> Initialization {
            Initialization(
                inputs: .fanIn(width), inputBiases: .fanIn(width), outputs: .fanIn(width), outputBiases: .fanIn(width))
        }
    }

    /// q, k, v stacked: `[3C, C]`.
    public let inProjWeight: Parameter
    /// `[3C]`.
    public let inProjBias: Parameter
    /// From the heads' outputs, `[C, C]`.
    public let outProj: Linear
    /// Number of heads; a divisor of C.
    public let heads: Int
    /// Dropout's probability on the attention weights.
    public let dropout: Float

    /// - Parameters:
    ///   - width: C, a multiple of `heads`.
    ///   - dropout: probability on the attention weights.
    ///   - initialization: as `nn.MultiheadAttention` where nil.
    public init(_ width: Int, heads: Int, dropout: Float = 0, initialization: Initialization? = nil) {
        ShapeCheck.require(
            heads > 0 && width % heads == 0, "MultiHeadAttention", "\(heads) heads do not divide width \(width)")
        let initialization = initialization ?? .glorot(width: width)
        inProjWeight = Parameter([3 * width, width], initialization.inputs)
        inProjBias = Parameter([3 * width], initialization.inputBiases)
        outProj = Linear(width, width, weights: initialization.outputs, biases: initialization.outputBiases)
        (self.heads, self.dropout) = (heads, dropout)
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; nobody attends to the others. All are real where nil.
    ///   - causal: whether a step attends to itself and earlier ones only.
    /// - Returns: `[N, T, C]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor? = nil, causal: Bool = false) -> Tensor {
        let packed = x.linear(weight: inProjWeight.value, bias: inProjBias.value)  // [N, T, 3C]
        return outProj(packed.attention(heads: heads, causal: causal, mask: mask, dropout: dropout))
    }
}
