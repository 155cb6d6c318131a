public import ConcordLayers
public import ConcordTensors

extension MaskedLanguageModel {
    /// How well hidden tokens of held-out texts are told, with the same tokens hidden each time.
    ///
    /// ```swift
    /// let metrics = mlm.evaluate(try TextBlocks(["test.txt"], tokenizer: tokenizer, length: 128).inOrder(by: 32))
    /// print(metrics.crossEntropy, metrics.perplexity, metrics.accuracy)
    /// ```
    /// - Parameters:
    ///   - batches: texts; what is hidden in one depends on its number over all batches, not on how they are cut.
    ///   - seed: of what is hidden.
    public func evaluate(_ batches: some Sequence<Tokens>, seed: UInt64 = 1) -> MaskedTokenMetrics {
        var hiding = HeldOutMasking(masking, encoder.vocabulary, seed: seed)
        return batches.reduce(into: MaskedTokenMetrics()) { metrics, tokens in metrics += evaluate(hiding.next(tokens))
        }
    }

    /// How well the hidden tokens of texts that have been masked already are told.
    public func evaluate(_ masked: MaskedTokens) -> MaskedTokenMetrics {
        guard masked.count > 0 else { return MaskedTokenMetrics() }
        let (loss, correct) = evaluating { detached { crossEntropy(masked) } }
        return MaskedTokenMetrics(nats: Double(loss.item) * Double(masked.count), count: masked.count, correct: correct)
    }
}

extension MaskedLanguageModel {
    /// The score of every token at some places, in evaluation mode.
    /// - Parameters:
    ///   - tokens: `[N, T]`, with mask tokens where something is to be predicted.
    ///   - positions: `[M]`, int32, counted over all N x T.
    /// - Returns: logits `[M, V]`.
    public func logits(_ tokens: Tokens, at positions: Tensor) -> Tensor {
        evaluating {
            detached {
                let (features, mask) = encoder.features(tokens)
                let steps = encoder.context(features, mask: mask)  // [N, T, D]
                return head(
                    steps.reshaped([-1, steps.shape[2]]).gathered(at: positions), table: encoder.tokenTable.value)
            }
        }
    }
}

/// Hides tokens of one held-out batch after the other, the same each time it starts anew.
struct HeldOutMasking {
    private let masking: Masking
    private let vocabulary: Vocabulary
    private let key: RandomKey
    private var count = 0

    init(_ masking: Masking, _ vocabulary: Vocabulary, seed: UInt64) {
        (self.masking, self.vocabulary, key) = (masking, vocabulary, RandomKey(seed: seed).derived("held out"))
    }

    mutating func next(_ tokens: Tokens) -> MaskedTokens {
        defer { count += tokens.count }
        return masking(tokens, vocabulary: vocabulary, keys: (count..<count + tokens.count).map { key.derived($0) })
    }
}
