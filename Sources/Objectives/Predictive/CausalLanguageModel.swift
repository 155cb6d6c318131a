public import ConcordLayers
public import ConcordTensors

/// Trains a causal text encoder to predict each next token (GPT).
///
///     loss = mean over tokens behind the first of  -ln softmax(table · context(tokens before))[token]
///
/// ```swift
/// let encoder = TextTransformer(vocabulary: tokenizer.vocabulary, width: 256, depth: 4, context: 128, causal: true)
/// let loss = CausalLanguageModel(encoder)(tokens)                       // [N, T]
/// ```
///
/// The output matrix is the encoder's token table, without a bias. The loss is in nats, `ln V` at chance; 0 for a batch
/// of texts of one token. Padding is neither seen nor predicted. Metrics: `accuracy` and `perplexity`.
/// - Source: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", eq. 1 and 2; pre-norm
///   blocks with a last normalization as GPT-2. A block of T tokens has T - 1 predictions.
public final class CausalLanguageModel: Objective {
    /// Texts.
    public typealias Input = Tokens

    /// The encoder that is trained.
    public let encoder: any TokenEncoder

    /// - Parameter encoder: one whose steps see earlier ones alone, and are as wide as its token table.
    public init(_ encoder: any TokenEncoder) {
        ShapeCheck.require(
            encoder.outputDimension == encoder.tokenTable.shape[1], "CausalLanguageModel",
            "steps of \(encoder.outputDimension) for a table of \(encoder.tokenTable.shape)")
        self.encoder = encoder
    }

    /// The loss of texts, in the surrounding mode.
    public func callAsFunction(_ tokens: Tokens) -> Loss { mean(tokens).loss.withPerplexity }

    /// The mean cross-entropy with the accuracy, and the number of predicted tokens: what microbatches average.
    private func mean(_ tokens: Tokens) -> (loss: Loss, count: Int) {
        guard let (loss, correct, count) = crossEntropy(tokens) else { return (Loss(Tensor(0)), 0) }
        return (Loss(loss, metrics: [("accuracy", Tensor(Float(correct) / Float(count)))]), count)
    }

    /// The mean cross-entropy of all tokens behind a text's first, the number of them that have the largest logit, and
    /// their number; nil where there are none.
    private func crossEntropy(_ tokens: Tokens) -> (loss: Tensor, correct: Int, count: Int)? {
        let (positions, targets) = tokens.nextTokens
        guard positions.count > 0 else { return nil }
        let (features, mask) = encoder.features(tokens)
        let steps = encoder.context(features, mask: mask)  // [N, T, D]
        let table = encoder.tokenTable.value
        let (loss, correct) = steps.reshaped([-1, steps.shape[2]]).gathered(at: positions)
            .crossEntropy(over: table, bias: Tensor(zeros: [table.shape[0]]), labels: targets)
        return (loss, correct, positions.count)
    }

    /// Metrics of the tokens of held-out texts, each from those before it.
    /// - Parameter batches: texts.
    public func evaluate(_ batches: some Sequence<Tokens>) -> TokenMetrics {
        batches.reduce(into: TokenMetrics()) { metrics, tokens in
            guard let found = evaluating({ detached { crossEntropy(tokens) } }) else { return }
            metrics += TokenMetrics(
                nats: Double(found.loss.item) * Double(found.count), count: found.count, correct: found.correct)
        }
    }

    /// The logits of the token behind a text, in evaluation mode.
    /// - Parameter ids: at least one, and at most as many as the encoder reads.
    /// - Returns: `[V]`.
    public func nextLogits(_ ids: [Int32]) -> Tensor {
        ShapeCheck.require(!ids.isEmpty, "nextLogits", "no token")
        return evaluating {
            detached {
                let (features, mask) = encoder.features(Tokens([ids], length: ids.count, padding: 0))
                let steps = encoder.context(features, mask: mask).sliced(ids.count - 1..<ids.count, axis: 1)
                let table = encoder.tokenTable.value
                return steps.reshaped([1, steps.shape[2]]).linear(weight: table).reshaped([table.shape[0]])
            }
        }
    }
}

extension CausalLanguageModel: MicrobatchedObjective {
    /// The mean over the predicted tokens of all microbatches.
    public func lossWithGradient(of tokens: Tokens, microbatch: Int) -> (Loss, Gradients) {
        let (loss, gradients) = Microbatches(of: tokens.count, atMost: microbatch).meanWithGradient { rows in
            let (loss, count) = mean(tokens.rows(in: rows))
            return (loss, weight: Double(count))
        }
        return (loss.withPerplexity, gradients)
    }
}

extension Tokens {
    /// Every real token that has a real one before it: the positions before, int32 indices into the N x T tokens, and
    /// the tokens.
    var nextTokens: (positions: Tensor, targets: Tensor) {
        let ids = ids.integerScalars, real = mask.bytes, length = length
        let positions = ids.indices.filter { ($0 + 1) % length != 0 && real[$0] != 0 && real[$0 + 1] != 0 }
        return (
            Tensor(positions.map { Int32($0) }, shape: [positions.count]),
            Tensor(positions.map { ids[$0 + 1] }, shape: [positions.count])
        )
    }
}

extension Unigram {
    /// The metrics of this distribution on the tokens that `CausalLanguageModel.evaluate` predicts in the same texts.
    public func evaluate(next batches: some Sequence<Tokens>) -> TokenMetrics {
        batches.reduce(into: TokenMetrics()) { metrics, tokens in
            metrics += self.metrics(of: tokens.nextTokens.targets.integerScalars)
        }
    }
}
