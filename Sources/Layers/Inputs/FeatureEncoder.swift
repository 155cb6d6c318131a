public import ConcordTensors

/// From an input to one embedding a sample.
public protocol FeatureEncoder<Input>: Module {
    associatedtype Input: Sendable
    /// Size D of the embedding.
    var outputDimension: Int { get }
    /// - Returns: `[N, D]`.
    func callAsFunction(_ input: Input) -> Tensor
}

/// An encoder whose two halves can be had apart: masked and predictive objectives work between them.
public protocol SequenceEncoder<Input>: FeatureEncoder {
    /// Size C of a local feature.
    var featureDimension: Int { get }
    /// Local frames or token embeddings `[N, T, C]`, and which of them are real `[N, T]` (uint8), nil where all are.
    func features(_ input: Input) -> (features: Tensor, mask: Tensor?)
    /// Features in their context, `[N, T, D]`.
    func context(_ features: Tensor, mask: Tensor?) -> Tensor
}

/// A sequence encoder of tokens.
public protocol TokenEncoder: SequenceEncoder where Input == Tokens {
    var vocabulary: Vocabulary { get }
    /// The token table `[V, C]`, which a language-model head shares.
    var tokenTable: Parameter { get }
}
