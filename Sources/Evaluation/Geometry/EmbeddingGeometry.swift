public import ConcordTensors

/// How the embeddings of a model fill their space: what shows a collapse without labels.
public struct EmbeddingGeometry: Sendable, Codable, Equatable {
    /// Of the embeddings of one input.
    public struct Cloud: Sendable, Codable, Equatable {
        /// ``Uniformity`` with t = 2; lower is more even. Nil where it is undefined.
        public let uniformity: Double?
        /// Pairs that it is the mean of.
        public let pairs: Int
        /// ``EffectiveRank``, of `dimensions` at most. Nil where it is undefined.
        public let effectiveRank: Double?
        /// N and D.
        public let items, dimensions: Int

        enum CodingKeys: String, CodingKey {
            case uniformity, pairs, items, dimensions
            case effectiveRank = "effective_rank"
        }

        /// - Parameter embeddings: `[N, D]`, of any length but zero.
        public init(_ embeddings: Tensor) {
            let uniformity = Uniformity(embeddings)
            (self.uniformity, pairs) = (uniformity.value, uniformity.pairs)
            effectiveRank = EffectiveRank(embeddings).value
            (items, dimensions) = (embeddings.shape[0], embeddings.shape[1])
        }
    }

    /// By input: `image`, ….
    public let inputs: [String: Cloud]
    /// ``Alignment`` of two inputs' pairs in a shared space: `image_text`, …. Empty where there is none.
    public let alignment: [String: Alignment]

    /// - Parameters:
    ///   - inputs: by input.
    ///   - alignment: by both inputs' names, joined by `_`.
    public init(inputs: [String: Cloud], alignment: [String: Alignment] = [:]) {
        (self.inputs, self.alignment) = (inputs, alignment)
    }
}
