import ConcordEncoders
public import ConcordLayers

/// The weighted mean of token embeddings: for pairs of texts that share words.
///
/// ```yaml
/// model: {dimension: 512, text: {encoder: average, width: 512, context: 128}}
/// ```
public struct TokenAverageRecipe: TextEncoderRecipe {
    public static let name = "average"

    /// Size of an embedding.
    public let width: Int
    public let context: Int
    /// Standard deviation of the initial table.
    public let tokenStd: Double

    public init(_ fields: Fields, for use: EncoderUse) throws {
        width = try fields.integer("width", default: 512, in: 1...65536, "Size of an embedding.")
        context = try fields.integer(
            "context", default: 128, in: 2...65536, "Most tokens of a text, special ones included; longer texts are cut."
        )
        tokenStd = try fields.number(
            "token_std", default: 0.02, in: 1e-4...100, "Standard deviation of the initial token table.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tokens> {
        guard let vocabulary = context.vocabulary else {
            throw RecipeError.data(message: "a text encoder needs a tokenizer")
        }
        return TokenAverage(vocabulary: vocabulary, dimension: width, std: Float(tokenStd))
    }

    public var embeddingSize: Int { width }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        [EncoderCost("width", (Double(width) + 1) * Double(vocabulary))]
    }
}
