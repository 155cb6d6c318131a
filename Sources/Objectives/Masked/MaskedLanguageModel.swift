public import ConcordLayers
import ConcordTensors

/// Trains a text encoder to predict masked tokens.
///
/// ```swift
/// let mlm = MaskedLanguageModel(TextTransformer(vocabulary: tokenizer.vocabulary, width: 256, depth: 4))
/// let loss = mlm(tokenizer.encode(texts, length: 128))
/// ```
///
/// Which tokens are masked follows from the samples' keys: a text has the same masks in one epoch whatever batch it is
/// in, and others in the next. The head is applied to the masked positions alone, and shares its table with the
/// encoder. The loss is the mean cross-entropy of the masked tokens in nats, `ln V` at chance; 0 for a batch without a
/// maskable token. Metrics: `accuracy` and `perplexity`.
///
/// In checkpoints: `encoder.…`, `lm_head.dense.weight`, `lm_head.layer_norm.weight`, `lm_head.bias`.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1.
public final class MaskedLanguageModel: Objective {
    /// Texts.
    public typealias Input = Tokens

    /// The encoder that is trained.
    public let encoder: any TokenEncoder
    /// Maps masked positions to logits.
    public let head: LanguageModelHead
    /// Which tokens are masked, and by what.
    public let masking: Masking

    public var checkpointNames: [String: String] { ["head": "lm_head"] }

    /// - Parameters:
    ///   - encoder: a bidirectional one.
    ///   - masking: which tokens are masked, and by what.
    /// - Precondition: the encoder's vocabulary has a mask token.
    public init(_ encoder: any TokenEncoder, masking: Masking = .bert) {
        let table = encoder.tokenTable.shape
        ShapeCheck.require(
            encoder.vocabulary.mask != nil || masking.masked == 0, "MaskedLanguageModel",
            "the vocabulary has no mask token; make one with a [MASK] in it")
        self.encoder = encoder
        self.masking = masking
        head = LanguageModelHead(encoder.outputDimension, width: table[1], vocabulary: table[0])
    }

    /// Masks the texts and returns their loss, in the surrounding mode.
    public func callAsFunction(_ tokens: Tokens) -> Loss {
        self(masking(tokens, vocabulary: encoder.vocabulary, keys: Computation.sampleKeys(count: tokens.count)))
    }

    /// The loss of texts that are masked already.
    public func callAsFunction(_ masked: MaskedTokens) -> Loss { mean(masked).withPerplexity }

    /// The mean cross-entropy and the accuracy: what microbatches average.
    func mean(_ masked: MaskedTokens) -> Loss {
        guard masked.count > 0 else { return Loss(Tensor(0)) }
        let (loss, correct) = crossEntropy(masked)
        return Loss(loss, metrics: [("accuracy", Tensor(Float(correct) / Float(masked.count)))])
    }

    /// The mean cross-entropy of masked tokens, and the number of them whose token has the largest logit.
    func crossEntropy(_ masked: MaskedTokens) -> (loss: Tensor, correct: Int) {
        let (features, mask) = encoder.features(masked.tokens)
        let steps = encoder.context(features, mask: mask)  // [N, T, D]
        let chosen = steps.reshaped([-1, steps.shape[2]]).gathered(at: masked.positions)  // [M, D]
        return head.transformed(chosen).crossEntropy(
            over: encoder.tokenTable.value, bias: head.bias.value, labels: masked.targets)
    }
}
