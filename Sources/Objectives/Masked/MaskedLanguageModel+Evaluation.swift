public import ConcordLayers
public import ConcordTensors

extension MaskedLanguageModel {
    /// Metrics of masked-token prediction on held-out texts, with the same tokens masked each time.
    ///
    /// ```swift
    /// let metrics = mlm.evaluate(try TextBlocks(["test.txt"], tokenizer: tokenizer, length: 128).inOrder(by: 32))
    /// print(metrics.crossEntropy, metrics.perplexity, metrics.accuracy)
    /// ```
    /// - Parameters:
    ///   - batches: texts; a text's masks depend on its index over all batches, not on the batch size.
    ///   - seed: of the masks.
    public func evaluate(_ batches: some Sequence<Tokens>, seed: UInt64 = 1) -> TokenMetrics {
        var masking = HeldOutMasking(masking, encoder.vocabulary, seed: seed)
        return batches.reduce(into: TokenMetrics()) { metrics, tokens in
            metrics += evaluate(masking.next(tokens))
        }
    }

    /// Metrics of texts that are masked already.
    public func evaluate(_ masked: MaskedTokens) -> TokenMetrics {
        guard masked.count > 0 else { return TokenMetrics() }
        let (loss, correct) = evaluating { detached { crossEntropy(masked) } }
        return TokenMetrics(nats: Double(loss.item) * Double(masked.count), count: masked.count, correct: correct)
    }
}

extension MaskedLanguageModel {
    /// The logits of every token at some positions, in evaluation mode.
    /// - Parameters:
    ///   - tokens: `[N, T]`, with mask tokens at the positions to predict.
    ///   - positions: int32 `[M]`, indices into the N x T tokens.
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

/// Masks one held-out batch after the other, with the same masks in every evaluation.
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
