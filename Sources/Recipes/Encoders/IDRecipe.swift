import ConcordEncoders
public import ConcordLayers

/// A table with a row for each id of the training rows.
///
/// ```yaml
/// model: {user: {width: 64}, item: {width: 64}}
/// ```
public struct IDRecipe: EncoderRecipe {
    public static let name = "id"

    /// Size of an id's embedding.
    public let width: Int
    /// Standard deviation of the initial values.
    public let std: Double

    public init(_ fields: Fields, for use: EncoderUse) throws {
        width = try fields.integer("width", default: 64, in: 1...65536, "Size of an id's embedding.")
        std = try fields.number("std", default: 1, in: 1e-6...100, "Standard deviation of the initial values.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<IDs> {
        IDEmbedding(count: context.idCount, dimension: width, std: Float(std))
    }

    public var embeddingSize: Int { width }

    public func weights(vocabulary: Int) -> [EncoderCost] { [EncoderCost("width", Double(width) * Double(vocabulary))] }
}
