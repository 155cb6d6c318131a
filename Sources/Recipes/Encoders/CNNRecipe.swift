public import ConcordEncoders
public import ConcordLayers
public import ConcordTensors

/// A plain convolutional network over images of one size: small, quick, and aware of where things are.
///
/// ```yaml
/// model: {image: {encoder: cnn, channels: [16, 32, 64, 128], width: 256}}
/// ```
public struct CNNRecipe: EncoderRecipe {
    public static let name = "cnn"

    /// Of each convolution of stride 2.
    public let channels: [Int]
    /// What the embedding is.
    public enum Output: String, Sendable, CaseIterable {
        /// A linear map of the last feature map.
        case vector
        /// The last feature map.
        case map
    }

    /// What the embedding is.
    public let output: Output
    /// Size of a `vector`.
    public let width: Int
    /// What follows each convolution.
    public let norm: ResNet.Normalization

    public init(_ fields: Fields, for use: EncoderUse) throws {
        channels = try fields.integers(
            "channels", default: [16, 32, 64, 128], in: 1...65536, "Channels of each 3x3 convolution of stride 2.")
        guard !channels.isEmpty else { throw fields.fault("channels", "at least one convolution wanted") }
        output = try fields.choice(
            "output", default: Output.vector,
            "vector: a linear map of the last feature map; map: that map itself, for context conv_gru.")
        width =
            output == .vector
            ? try fields.integer("width", default: 256, in: 1...65536, "Size of the embedding.") : 0
        norm = try fields.choice(
            "norm", default: ResNet.Normalization.batch, "Normalization: batch, group or frozen_batch, as of a resnet.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tensor> {
        guard let size = context.views.image?.size else { throw RecipeError.data(message: "encoder cnn wants images") }
        return ConvolutionalEncoder(
            imageSize: size, channels: channels, dimension: output == .vector ? width : nil, normalization: norm)
    }

    public var batchNormalizedKey: String? { norm == .batch ? "norm" : nil }
    public var embeddingSize: Int { width }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let convolutions = zip([3] + channels, channels).reduce(0.0) { $0 + 9 * Double($1.0) * Double($1.1) }
        return [EncoderCost("channels", convolutions)]
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        guard let size = views.image?.size, let first = channels.first else { return [] }
        return [EncoderCost("channels", Double(samples) * Double(size * size) * Double(first))]
    }
}
