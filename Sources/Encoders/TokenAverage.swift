public import ConcordLayers
public import ConcordTensors

/// The mean of a text's token embeddings, each with a trained weight: no order, no context, and very fast.
///
///     z = sum over tokens t of  exp(w_t) e_t  /  sum over tokens of exp(w_t)
///
/// ```swift
/// let encoder = TokenAverage(vocabulary: tokenizer.vocabulary, dimension: 512)
/// let embedding = encoder(tokens)                                       // [N, T] -> [N, 512]
/// ```
///
/// For pairs of texts that share words it is hard to beat: the weights learn what inverse document frequencies say, and
/// words that the training pairs lack keep nearly orthogonal embeddings, as a wide random table has them.
///
/// In checkpoints: `token_embedding.weight` `[V, D]`, `token_weight.weight` `[V, 1]`, the logarithms w.
/// - Source: Wieting et al. 2016, arXiv:1511.08198 (word averaging). Deviation: the weights, which Arora, Liang, Ma
///   2017 (SIF) take from word frequencies, are trained.
public final class TokenAverage: FeatureEncoder {
    /// The embeddings e.
    public let tokenEmbedding: Embedding
    /// The logarithms w of the weights; at first all 0.
    public let tokenWeight: Embedding
    public let outputDimension: Int

    /// - Parameters:
    ///   - vocabulary: the tokenizer's.
    ///   - dimension: size D of an embedding; wide ones keep words apart.
    ///   - std: standard deviation of the initial table.
    public init(vocabulary: Vocabulary, dimension: Int = 512, std: Float = 0.02) {
        tokenEmbedding = Embedding(vocabulary.size, dimension, weights: .normal(std: std))
        tokenWeight = Embedding(vocabulary.size, 1, weights: .zeros)
        outputDimension = dimension
    }

    /// - Parameter tokens: `[N, T]`.
    /// - Returns: `[N, D]`; zeros for a text without tokens.
    public func callAsFunction(_ tokens: Tokens) -> Tensor {
        let real = tokens.mask.converted(to: .float32).expandingAxis(at: 2)  // [N, T, 1]
        let weights = tokenWeight(tokens.ids).exp() * real
        return (tokenEmbedding(tokens.ids) * weights).sum(axis: 1) / weights.sum(axis: 1).maximum(Tensor(1e-12))
    }
}
