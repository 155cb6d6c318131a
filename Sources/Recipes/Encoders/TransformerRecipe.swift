public import ConcordEncoders
public import ConcordLayers

/// A transformer over tokens.
///
/// ```yaml
/// model: {text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}}
/// ```
public struct TransformerRecipe: TextEncoderRecipe {
    public static let name = "transformer"

    /// Size of the hidden states, number of blocks, and attention heads in each.
    public let width, depth, heads: Int
    public let context: Int
    /// Whether a token attends only to earlier ones.
    public let causal: Bool
    /// How a text becomes one vector.
    public let pooling: TextTransformer.Pooling
    /// Where the blocks' layer normalizations are.
    public let norm: TransformerBlock.NormPlacement
    /// Where tokens' positions come from.
    public let positions: TextTransformer.Positions
    /// Probability on what each block adds to its input.
    public let dropout: Double
    /// On embedded tokens, on attention weights, and behind the MLP's activation.
    public let embeddingDropout, attentionDropout, activationDropout: Double
    /// Whether any of the four is above 0: two passes over a text differ then.
    var hasDropout: Bool { [dropout, embeddingDropout, attentionDropout, activationDropout].contains { $0 > 0 } }
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool
    /// Standard deviation of the token table's initial values.
    public let tokenStd: Double

    public init(_ fields: Fields, for use: EncoderUse) throws {
        width = try fields.integer("width", default: 256, in: 1...65536, "Size of the hidden states.")
        depth = try fields.integer("depth", default: 4, in: 1...1000, "Number of blocks.")
        heads = try fields.integer(
            "heads", default: Self.heads(width), in: 1...width,
            "Attention heads; width must be a multiple. By default one for 64 channels.")
        guard width % heads == 0 else { throw fields.fault("heads", "width \(width) is no multiple of \(heads) heads") }
        context = try fields.integer(
            "context", default: 32, in: 2...65536, "Most tokens of a text, special ones included; longer texts are cut."
        )
        causal = try fields.flag("causal", default: use.isCausal, "Whether a token attends only to earlier ones.")
        pooling = try fields.choice(
            "pooling", default: causal ? .endOfText : TextTransformer.Pooling.first,
            "How a text becomes one vector: its first token, the mean, or its end-of-text token.")
        norm = try fields.choice(
            "norm", default: TransformerBlock.NormPlacement.pre,
            "Where layer normalizations are: pre, before each part of a block (GPT-2, CLIP); post, after it (BERT).")
        positions = try fields.choice(
            "positions", default: TextTransformer.Positions.learned,
            "learned: a trained table; sin_cos: fixed waves, and tokens multiplied by the root of width.")
        dropout = try fields.number(
            "dropout", default: 0, in: 0...0.99, "Dropout on what each block adds to its input.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
        embeddingDropout = try fields.number(
            "embedding_dropout", default: 0, in: 0...0.99, "Dropout on the token embeddings.")
        attentionDropout = try fields.number(
            "attention_dropout", default: dropout, in: 0...0.99, "Dropout on attention weights; by default dropout.")
        activationDropout = try fields.number(
            "activation_dropout", default: dropout, in: 0...0.99,
            "Dropout after the MLP's activation; by default dropout.")
        // Logits of a tied table grow with its scale and the root of the width; small ones make an untrained loss near
        // ln V.
        let small = min(0.02, 0.5 / Double(width).squareRoot())
        let plain = positions == .sinCos ? 1 / Double(width).squareRoot() : 1
        fields.renamed("token_deviation", to: "token_std")
        tokenStd = try fields.number(
            "token_std", default: use.predictsTokens ? small : plain, in: 1e-4...100,
            "Standard deviation of the initial token table; small where an objective predicts with it.")
    }

    /// The most heads of at least 64 channels that divide the width.
    static func heads(_ width: Int) -> Int {
        var heads = max(1, width / 64)
        while width % heads != 0 { heads -= 1 }
        return heads
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tokens> {
        guard let vocabulary = context.vocabulary else {
            throw RecipeError.data(message: "a text encoder needs a tokenizer")
        }
        var initialization = TextTransformer.Initialization.plain(width: width)
        initialization.tokens = .normal(std: Float(tokenStd))
        return TextTransformer(
            vocabulary: vocabulary, width: width, depth: depth, heads: heads, context: self.context, causal: causal,
            pooling: pooling, norm: norm, positions: positions, dropout: Float(dropout),
            embeddingDropout: Float(embeddingDropout), attentionDropout: Float(attentionDropout),
            activationDropout: Float(activationDropout), checkpointing: checkpointing,
            initialization: initialization)
    }

    public var embeddingSize: Int { width }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let width = Double(width)
        return [
            EncoderCost("width", 12 * width * width * Double(depth) + width * Double(vocabulary)),
            EncoderCost("context", width * Double(context)),
        ]
    }
}
