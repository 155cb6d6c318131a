import Concord

/// CLIP's RN50 at 224x224 with its text tower of twelve layers, over as many pairs as wanted, with AdamW.
struct CachingWorkload {
    private struct Pair: Sendable {
        let image: Tensor
        let text: Tokens
    }

    private let clip: Contrastive<Pair>
    private let optimizer = AdamW(learningRate: 1e-4, weightDecay: 0.1)
    private let batch: Pair
    private let precision: Precision

    /// - Parameters:
    ///   - count: pairs in a batch.
    ///   - checkpointing: whether blocks are computed again in the backward pass.
    init(count: Int, checkpointing: Bool, precision: Precision) throws {
        self.precision = precision
        batch = Pair(
            image: Tensor(uniform: -1.7...1.7, shape: [count, 224, 224, 3], key: RandomKey(seed: 0).derived("image")),
            text: try StepInputs(dump: nil).tokens("ids", [count, 77], in: 1..<49000))
        clip = Contrastive(
            Tower("image", \.image, ModifiedResNet(checkpointing: checkpointing)),
            Tower(
                "text", \.text,
                TextTransformer(
                    vocabulary: Vocabulary(size: 49408, padding: 0), width: 512, depth: 12, context: 77, causal: true,
                    pooling: .endOfText,
                    checkpointing: checkpointing, initialization: .clip(width: 512, depth: 12))),
            dimension: 1024)
        clip.initialize(seed: 0)
    }

    /// One step over the first `count` pairs.
    /// - Parameter microbatch: pairs encoded at a time; nil: all.
    /// - Returns: the loss.
    func step(_ count: Int, microbatch: Int?) throws -> Float {
        let pairs = Pair(image: batch.image.rows(in: 0..<count), text: batch.text.rows(in: 0..<count))
        let (loss, gradients) = try withPrecision(precision) {
            try microbatch.map { try valueWithGradient(of: clip, pairs, microbatch: $0) }
                ?? valueWithGradient { clip(pairs) }
        }
        try optimizer.update(clip, with: gradients)
        return loss.total.item
    }
}
