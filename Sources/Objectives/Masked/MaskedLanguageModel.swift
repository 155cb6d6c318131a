public import ConcordLayers
import ConcordTensors

/// Learns a text encoder by having it tell tokens that are hidden from it.
///
/// ```swift
/// let mlm = MaskedLanguageModel(TextTransformer(vocabulary: tokenizer.vocabulary, width: 256, depth: 4))
/// let loss = mlm(tokenizer.encode(texts, length: 128))
/// ```
///
/// Which tokens are hidden follows from the samples' keys: a text gets the same masks in one epoch whatever batch it is
/// in, and others in the next. The head sees the hidden places alone, and shares its table with the encoder. The loss
/// is the mean cross-entropy of the hidden tokens in nats, `ln V` at chance; 0 for a batch without a maskable token.
/// Parts: `accuracy` and `perplexity`.
///
/// In checkpoints: `encoder.…`, `lm_head.dense.weight`, `lm_head.layer_norm.weight`, `lm_head.bias`.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1.
public final class MaskedLanguageModel: Objective {
    public typealias Input = Tokens

    public let encoder: any TokenEncoder
    public let head: LanguageModelHead
    public let masking: Masking

    public var checkpointNames: [String: String] { ["head": "lm_head"] }

    /// - Parameters:
    ///   - encoder: it must see the whole text: a bidirectional one.
    ///   - masking: how tokens are hidden.
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

    public func callAsFunction(_ tokens: Tokens) -> Loss {
        self(masking(tokens, vocabulary: encoder.vocabulary, keys: Computation.sampleKeys(count: tokens.count)))
    }

    /// The loss of texts that have been masked already.
    public func callAsFunction(_ masked: MaskedTokens) -> Loss {
        guard masked.count > 0 else { return Loss(Tensor(0)) }
        let (loss, correct) = crossEntropy(masked)
        return Loss(
            loss,
            parts: [("accuracy", Tensor(Float(correct) / Float(masked.count))), ("perplexity", loss.detached.exp())])
    }

    /// The mean cross-entropy of hidden tokens, and how many have the largest score.
    func crossEntropy(_ masked: MaskedTokens) -> (loss: Tensor, correct: Int) {
        let (features, mask) = encoder.features(masked.tokens)
        let steps = encoder.context(features, mask: mask)  // [N, T, D]
        let chosen = steps.reshaped([-1, steps.shape[2]]).gathered(at: masked.positions)  // [M, D]
        return head.transformed(chosen).crossEntropy(
            over: encoder.tokenTable.value, bias: head.bias.value, labels: masked.targets)
    }
}
