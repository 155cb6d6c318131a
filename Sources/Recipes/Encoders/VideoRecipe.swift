public import ConcordEncoders
public import ConcordLayers
import ConcordTensors

/// An encoder of images over each frame of a clip, and a network over the frames.
///
/// ```yaml
/// model: {video: {frame: {encoder: resnet, width: 16, stem: cifar}, context: gru, hidden: 256}}
/// ```
public struct VideoRecipe: EncoderRecipe {
    public static let name = "frames"

    /// What runs over a clip's frames.
    public enum Context: String, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// Gated recurrent units.
        case gru
        /// Long short-term memory.
        case lstm
        /// Gated recurrent units over the feature maps of encoder `cnn` with `output: map`.
        case convGRU = "conv_gru"
        /// Blocks of self-attention.
        case transformer
    }

    /// The encoder of a frame.
    public let frame: EncoderSettings
    /// What runs over the frames.
    public let context: Context
    /// Size of a recurrent state.
    public let hidden: Int
    /// Layers of the context, and heads of each transformer block.
    public let layers, heads: Int
    /// How a clip's frames become one embedding.
    public let pooling: VideoEncoder.Pooling

    public init(_ fields: Fields, for use: EncoderUse) throws {
        frame = try EncoderSettings(
            fields.fields("frame", "The encoder of a frame: one of images."), key: "frame", inputs: [.image], use: use)
        context = try fields.choice(
            "context", default: use.hasOwnContext ? Context.gru : .none, "What runs over the frames.")
        let isMap = (frame.recipe as? CNNRecipe)?.output == .map
        guard isMap == (context == .convGRU) else {
            throw fields.fault(
                "context", "conv_gru goes with frame: {encoder: cnn, output: map}, and others with vectors")
        }
        hidden =
            [.gru, .lstm, .convGRU].contains(context)
            ? try fields.integer(
                "hidden", default: isMap ? 64 : 256, in: 1...65536, "Size of the state, or its channels.") : 0
        layers =
            context == .none || isMap
            ? 0 : try fields.integer("layers", default: 1, in: 1...64, "Layers of the context.")
        heads =
            context == .transformer
            ? try fields.integer("heads", default: 4, in: 1...256, "Heads of each transformer block.") : 1
        pooling =
            use.hasOwnContext
            ? .mean
            : try fields.choice(
                "pooling", default: VideoEncoder.Pooling.mean,
                "How a clip's frames become one embedding: their mean, or the last one in its context.")
    }

    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Video> {
        func made(_ encoder: some EncoderRecipe) throws -> any FeatureEncoder<Tensor> {
            guard let encoder = try encoder.makeEncoder(context) as? any FeatureEncoder<Tensor> else {
                throw RecipeError.data(message: "model.video.frame.encoder: an encoder of images wanted")
            }
            return encoder
        }
        let frame = try made(frame.recipe)
        return VideoEncoder(
            frame: frame, context: try layer(over: frame, isCausal: pooling == .last), pooling: pooling)
    }

    /// The network over an encoder's frames; nil for none.
    func layer(over frame: any FeatureEncoder<Tensor>, isCausal: Bool) throws -> (any SequenceLayer)? {
        let channels = frame.outputDimension
        switch context {
        case .convGRU:
            return (frame as? ConvolutionalEncoder).map {
                ConvolutionalGRU($0.mapChannels, hidden: hidden, height: $0.mapSize, width: $0.mapSize)
            }
        case .none: return nil
        case .gru: return GRU(channels, hidden: hidden, layers: layers)
        case .lstm: return LSTM(channels, hidden: hidden, layers: layers)
        case .transformer:
            guard channels.isMultiple(of: heads) else {
                throw RecipeError.data(
                    message: "model.video.heads: \(heads) heads do not divide the \(channels) channels of a frame")
            }
            return TransformerContext(channels, depth: layers, heads: heads, causal: isCausal)
        }
    }

    public var batchNormalizedKey: String? { frame.recipe.batchNormalizedKey.map { "frame.\($0)" } }
    public var embeddingSize: Int {
        hidden > 0 ? hidden : frame.recipe.embeddingSize
    }

    public func weights(vocabulary: Int) -> [EncoderCost] {
        let gates = context == .lstm ? 4.0 : context == .convGRU ? 27.0 : 3.0, state = Double(hidden)
        let first = Double(frame.recipe.embeddingSize) + state
        return frame.recipe.weights(vocabulary: 0).map { EncoderCost("frame.\($0.key)", $0.amount) }
            + (hidden > 0 ? [EncoderCost("hidden", gates * state * (first + 2 * state * Double(layers - 1)))] : [])
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        frame.recipe.activationBytes(samples: samples * (views.video?.length ?? 1), views: views).map {
            EncoderCost("frame.\($0.key)", $0.amount)
        }
    }
}
