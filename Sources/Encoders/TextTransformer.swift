public import ConcordLayers
public import ConcordTensors

/// A transformer over token ids: texts to embeddings, with open_clip's parameter names.
///
/// Token and position tables, pre-norm blocks, a last layer normalization, then one embedding a text. With post-norm
/// blocks, BERT's form, a layer normalization of the placed tokens (`ln_embedding`) takes the place of the last one.
///
/// ```swift
/// let encoder = TextTransformer(vocabulary: tokenizer.vocabulary, width: 256, depth: 6)
/// let embedding = encoder(tokenizer.encode(["a red bicycle"], length: 32))   // [N, 256]
/// ```
/// - Source: Radford et al. 2021, arXiv:2103.00020 (causal, end of text); Devlin et al. 2018, arXiv:1810.04805
///   (bidirectional, first).
public final class TextTransformer: TokenEncoder, LayeredModule {
    /// How steps are pooled into a text's embedding.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The first step: `[CLS]`.
        case first
        /// The last real step.
        case endOfText = "end_of_text"
        /// The mean of the real steps.
        case mean
    }

    /// Where steps' positions come from.
    public enum Positions: String, Sendable, CaseIterable {
        /// A trained table.
        case learned
        /// Fixed sines and cosines; tokens are multiplied by `sqrt(C)` before they are added.
        /// - Source: Vaswani et al. 2017, arXiv:1706.03762, sections 3.4 and 3.5.
        case sinCos = "sin_cos"
    }

    /// Initial values.
    public struct Initialization: Sendable {
        /// Of the token table and of the position table.
        public var tokens: Initializer, positions: Initializer
        /// Of every block.
        public var blocks: TransformerBlock.Initialization
    }

    /// The token table `[V, C]`.
    public let tokenEmbedding: Embedding
    /// The position table `[context, C]`.
    public let positions: PositionalEmbedding
    /// The transformer blocks, in their order.
    public let blocks: [TransformerBlock]
    /// Of tokens at their positions, before post-norm blocks; nil before pre-norm ones.
    public let embeddingNorm: LayerNorm?
    /// The last layer normalization; nil behind post-norm blocks.
    public let finalNorm: LayerNorm?
    public let vocabulary: Vocabulary
    /// Whether a step attends to itself and earlier ones only.
    public let isCausal: Bool
    /// How steps become a text's embedding.
    public let pooling: Pooling
    public let outputDimension: Int
    /// Dropout's probability on tokens at their positions.
    public let embeddingDropout: Float
    /// Whether blocks forget what they computed, and compute it again in the backward pass.
    public let checkpointing: Bool

    private let tokenScale: Float

    public var featureDimension: Int { outputDimension }
    public var tokenTable: Parameter { tokenEmbedding.weight }

    public var checkpointNames: [String: String] {
        [
            "positions": "positional_embedding", "blocks": "transformer.resblocks", "finalNorm": "ln_final",
            "embeddingNorm": "ln_embedding",
        ]
    }

    /// - Parameters:
    ///   - vocabulary: the tokenizer's.
    ///   - width: C of every step and of the embedding.
    ///   - depth: number of blocks.
    ///   - heads: one for every 64 of the width where nil.
    ///   - context: the longest text, in tokens.
    ///   - causal: whether a step sees itself and earlier ones only.
    ///   - norm: where the blocks' normalizations are: `.pre` GPT-2's and CLIP's, `.post` BERT's (whose epsilon is
    ///     1e-12; here PyTorch's 1e-5).
    ///   - positions: a trained table, or fixed waves.
    ///   - dropout: probability on the output of each part of every block.
    ///   - embeddingDropout: probability on tokens at their positions.
    ///   - attentionDropout: probability on the attention weights; `dropout` where nil.
    ///   - activationDropout: probability after the activation of every MLP; `dropout` where nil.
    ///   - checkpointing: keeps each block's input alone for the backward pass, which computes the rest again: less
    ///     memory, a third more time.
    ///   - initialization: `.plain` where nil.
    public init(
        vocabulary: Vocabulary, width: Int = 512, depth: Int = 12, heads: Int? = nil, context: Int = 77,
        causal: Bool = false,
        pooling: Pooling = .first, norm: TransformerBlock.NormPlacement = .pre, positions: Positions = .learned,
        activation: Activation = .gelu, dropout: Float = 0, embeddingDropout: Float = 0,
        attentionDropout: Float? = nil, activationDropout: Float? = nil, checkpointing: Bool = false,
        initialization: Initialization? = nil
    ) {
        let initialization = initialization ?? .plain(width: width)
        tokenEmbedding = Embedding(vocabulary.size, width, weights: initialization.tokens)
        self.positions = PositionalEmbedding(
            context, width, form: positions == .learned ? .learned(initialization.positions) : .sinusoidal)
        blocks = (0..<depth).map { _ in
            TransformerBlock(
                width: width, heads: heads ?? max(1, width / 64), placement: norm, activation: activation,
                dropout: dropout, attentionDropout: attentionDropout, activationDropout: activationDropout,
                initialization: initialization.blocks)
        }
        (embeddingNorm, finalNorm) = norm == .post ? (LayerNorm(width), nil) : (nil, LayerNorm(width))
        tokenScale = positions == .sinCos ? Float(width).squareRoot() : 1
        (self.embeddingDropout, self.checkpointing) = (embeddingDropout, checkpointing)
        (self.vocabulary, isCausal, self.pooling, outputDimension) = (vocabulary, causal, pooling, width)
    }

    /// One embedding for each text.
    /// - Parameter tokens: `[N, T]`, T at most `context`.
    /// - Returns: `[N, D]`.
    public func callAsFunction(_ tokens: Tokens) -> Tensor {
        let (features, mask) = features(tokens)
        return pooled(context(features, mask: mask), mask: tokens.mask)
    }

    /// Tokens at their positions, `[N, T, C]`, and which are real.
    public func features(_ tokens: Tokens) -> (features: Tensor, mask: Tensor?) {
        let embedded = tokenEmbedding(tokens.ids)
        var placed = positions(tokenScale == 1 ? embedded : embedded * tokenScale)
        if let embeddingNorm { placed = embeddingNorm(placed) }
        return (embeddingDropout == 0 ? placed : placed.dropout(embeddingDropout), tokens.mask)
    }

    /// Every step in its context after the last normalization, which is the last block's with post-norm blocks,
    /// `[N, T, D]`.
    public func context(_ features: Tensor, mask: Tensor?) -> Tensor {
        let steps = blocks.reduce(features) { x, block in
            checkpointed(x, when: checkpointing) { [isCausal] in block($0, mask: mask, causal: isCausal) }
        }
        return finalNorm?(steps) ?? steps
    }

    /// The tables of tokens and positions; then each block.
    public var layers: [[any Module]] { [[tokenEmbedding, positions]] + blocks.map { [$0] } }

    /// - Parameter steps: `[N, T, D]`.
    private func pooled(_ steps: Tensor, mask: Tensor) -> Tensor {
        let (texts, length, width) = (steps.shape[0], steps.shape[1], steps.shape[2])
        switch pooling {
        case .first: return steps.sliced(0..<1, axis: 1).reshaped([texts, width])
        case .endOfText:
            let real = mask.bytes
            let last = (0..<texts).map { n in
                Int32(n * length + ((0..<length).last { real[n * length + $0] != 0 } ?? 0))
            }
            return steps.reshaped([texts * length, width]).gathered(at: Tensor(last, shape: [texts]), axis: 0)
        case .mean:
            return steps.meanOfSteps(mask: mask)
        }
    }
}

extension TextTransformer.Initialization {
    /// Tokens from N(0, 1) or narrower, positions from 0.01 N(0, 1), every projection as `nn.Linear`.
    /// - Parameter tokens: the tokens' standard deviation; BERT's is 0.02, which a table that a language-model head
    ///   shares needs.
    public static func plain(width: Int, tokens: Float = 1) -> Self {
        Self(tokens: .normal(std: tokens), positions: .normal(std: 0.01), blocks: .linear(width: width))
    }

    /// OpenAI's for CLIP.
    public static func clip(width: Int, depth: Int) -> Self {
        Self(
            tokens: .normal(std: 0.02), positions: .normal(std: 0.01),
            blocks: .clip(width: width, depth: depth))
    }
}

extension TextTransformer: InspectableEncoder {
    /// The embedded tokens, then each block; the last with the final normalization.
    public func layerOutputs(_ tokens: Tokens) -> [LayerOutput] {
        let embedded = features(tokens).features
        var outputs = [embedded]
        for block in blocks { outputs.append(block(outputs[outputs.count - 1], mask: tokens.mask, causal: isCausal)) }
        if let finalNorm { outputs[outputs.count - 1] = finalNorm(outputs[outputs.count - 1]) }
        return outputs.map { LayerOutput($0, mask: tokens.mask) }
    }
}
