public import ConcordLayers
public import ConcordTensors

/// Maps a step's vector to a logit for every token: a dense layer, GELU, layer normalization, then the encoder's own
/// token table.
///
///     logits = table · norm(gelu(dense(x))) + bias
///
/// The names are those of RoBERTa's `lm_head`: `dense.weight`, `layer_norm.weight`, `bias`.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, as its authors' `get_masked_lm_output`.
public final class LanguageModelHead: Module {
    /// `[D]` to `[C]`.
    public let dense: Linear
    /// After the activation, over C.
    public let layerNorm: LayerNorm
    /// `[V]`, from zero.
    public let bias: Parameter

    /// - Parameters:
    ///   - inputs: size of a step.
    ///   - width: of the token table.
    ///   - vocabulary: number V of tokens.
    public init(_ inputs: Int, width: Int, vocabulary: Int) {
        dense = Linear(inputs, width)
        layerNorm = LayerNorm(width)
        bias = Parameter([vocabulary], .zeros)
    }

    /// The vectors that are compared with the table's rows, `[M, C]`.
    func transformed(_ steps: Tensor) -> Tensor {
        guard let bias = dense.bias else { return layerNorm(dense(steps).gelu()) }
        return layerNorm(steps.linear(weight: dense.weight.value).biasedGELU(bias.value))
    }

    /// - Parameters:
    ///   - steps: `[M, D]`.
    ///   - table: `[V, C]`.
    /// - Returns: the logits `[M, V]`.
    public func callAsFunction(_ steps: Tensor, table: Tensor) -> Tensor {
        transformed(steps).linear(weight: table, bias: bias.value)
    }
}
