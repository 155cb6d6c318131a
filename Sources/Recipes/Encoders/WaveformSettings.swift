public import ConcordEncoders
public import ConcordLayers
import ConcordTensors

/// The keys of convolutions along time, and of what runs over their output.
public struct WaveformSettings: Sendable {
    /// What normalizes each convolution's output; `group` is one group of all channels.
    public enum Norm: String, Sendable, CaseIterable {
        /// Over the frames of the batch.
        case batch
        /// Over the channels of a frame.
        case layer
        /// Over the frames and channels of a clip.
        case group
        /// Each channel over the frames of a clip, behind the first convolution alone (wav2vec 2.0).
        case first
        /// Nothing.
        case none
    }
    /// What runs over the frames.
    public enum Context: String, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// Gated recurrent units.
        case gru
        /// Long short-term memory.
        case lstm
        /// Attention.
        case transformer
    }
    /// How a transformer context knows the places of frames.
    public enum Positions: String, Sendable, CaseIterable {
        /// Fixed waves.
        case sinusoidal
        /// A grouped convolution over the frames around each (wav2vec 2.0).
        case convolution
    }

    /// Of each convolution.
    public let channels, kernels, strides: [Int]
    /// What follows each convolution.
    public let norm: Norm
    /// What runs over the frames.
    public let context: Context
    /// Width of the context, 0 where there is none, and its number of layers or blocks.
    public let hidden, layers: Int
    /// Attention heads of a transformer context.
    public let heads: Int
    /// How a transformer context knows the places of frames.
    public let positions: TransformerContext.Positions
    /// Where a transformer context has its normalizations.
    public let placement: TransformerBlock.NormPlacement
    /// Dropout's probability in a transformer context.
    public let dropout: Double
    /// What follows each normalization.
    public let activation: Activation
    /// Whether the convolutions have biases.
    private let hasBiases: Bool
    /// Whether zeros are added at the ends of a clip, so that frames are as many as strides.
    private let isPadded: Bool
    /// How frames become one vector.
    public let pooling: WaveformEncoder.Configuration.Pooling
    /// Channels that the first convolution sees.
    let inputs: Int
    private let hasOwnContext: Bool

    /// - Parameters:
    ///   - channels, kernels, strides: the defaults.
    ///   - frame: the hop and window of what the convolutions see, in samples.
    init(
        _ fields: Fields, _ use: EncoderUse, channels defaults: [Int], kernels kernelDefaults: ([Int]) -> [Int],
        strides strideDefaults: ([Int]) -> [Int], inputs: Int, frame: (hop: Int, window: Int),
        norm normDefault: Norm = .batch, activation activationDefault: Activation = .relu, biases: Bool = true,
        isPadded: Bool = true
    ) throws {
        (self.inputs, hasOwnContext, hasBiases, self.isPadded) = (inputs, use.hasOwnContext, biases, isPadded)
        channels = try fields.integers(
            "channels", default: defaults, in: 1...65536, "Output channels of each convolution.")
        kernels = try fields.integers(
            "kernels", default: kernelDefaults(channels), in: 1...65536, "Kernel size of each convolution.")
        strides = try fields.integers(
            "strides", default: strideDefaults(channels), in: 1...65536, "Stride of each convolution.")
        guard kernels.count == channels.count, strides.count == channels.count else {
            throw fields.fault(
                "kernels",
                """
                \(channels.count) channels, \(kernels.count) kernels and \(strides.count) strides: as many of each \
                wanted
                """)
        }
        guard channels.count <= 64 else {
            throw fields.fault("channels", "\(channels.count) convolutions; at most 64 are possible")
        }
        guard Self.span(kernels, strides) * Double(max(1, frame.hop)) + Double(frame.window) <= 4_000_000 else {
            throw fields.fault(
                "kernels", "kernels and strides make one frame of more than 4000000 samples; smaller ones wanted")
        }
        norm = try fields.choice(
            "norm", default: normDefault, "Normalization after each convolution; first: after the first one alone.")
        activation = try fields.choice(
            "activation", default: activationDefault, "Activation after each convolution.")
        context = try fields.choice(
            "context", default: Context.none, "What runs over the frames after the convolutions.")
        hidden =
            context == .none
            ? 0
            : try fields.integer(
                "hidden", default: context == .transformer ? channels.last ?? inputs : 256, in: 1...65536,
                "Size of the context's states; a transformer's is by default that of the frames.")
        layers = context == .none ? 0 : try fields.integer("layers", default: 1, in: 1...100, "Layers of the context.")
        if context == .transformer {
            heads = try Self.heads(fields, width: hidden)
            positions = try Self.positions(fields, width: hidden)
            placement = try fields.choice(
                "norm_placement", default: TransformerBlock.NormPlacement.pre,
                "Whether a block's normalizations are before its parts, or after their residual sums.")
            dropout = try fields.number(
                "dropout", default: 0, in: 0...0.99, "Dropout in the context, in training.")
        } else {
            (heads, positions, placement, dropout) = (1, .sinusoidal, .pre, 0)
        }
        pooling = try fields.choice(
            "pooling", default: WaveformEncoder.Configuration.Pooling.mean, "How frames become one vector.")
    }

    /// Inputs that one output of the convolutions is computed from, and its stride, whichever is larger.
    private static func span(_ kernels: [Int], _ strides: [Int]) -> Double {
        var field = 1.0, stride = 1.0
        for (kernel, step) in zip(kernels, strides) {
            field += Double(kernel - 1) * stride
            stride *= Double(step)
        }
        return max(field, stride)
    }

    private static func heads(_ fields: Fields, width: Int) throws -> Int {
        let heads = try fields.integer(
            "heads", default: TransformerRecipe.heads(width), in: 1...65536,
            "Attention heads of the context; its size must be a multiple. By default one for 64 channels.")
        guard width % heads == 0 else {
            throw fields.fault("heads", "\(width) channels are no multiple of \(heads) heads")
        }
        return heads
    }

    private static func positions(_ fields: Fields, width: Int) throws -> TransformerContext.Positions {
        let form = try fields.choice(
            "positions", default: Positions.sinusoidal,
            "How the context knows the places of frames: fixed waves, or a convolution over the frames around each.")
        guard form == .convolution else { return .sinusoidal }
        let kernel = try fields.integer(
            "position_kernel", default: 128, in: 1...4096, "Frames that the convolution of positions sees.")
        let groups = try fields.integer(
            "position_groups", default: Self.divisor(of: width, atMost: 16), in: 1...65536,
            "Groups of channels of that convolution; they must divide the context's size. By default up to 16.")
        guard width % groups == 0 else {
            throw fields.fault("position_groups", "\(width) channels are no multiple of \(groups) groups")
        }
        return .convolutional(kernel: kernel, groups: groups)
    }

    private static func divisor(of width: Int, atMost limit: Int) -> Int {
        (1...limit).last { width % $0 == 0 } ?? 1
    }

    func configuration(front: WaveformEncoder.Configuration.Front) -> WaveformEncoder.Configuration {
        let layers = zip(channels, zip(kernels, strides)).map { channels, shape in
            WaveformEncoder.Configuration.Convolution(
                channels, kernel: shape.0, stride: shape.1, padding: isPadded ? max(0, (shape.0 - shape.1 + 1) / 2) : 0)
        }
        return WaveformEncoder.Configuration(
            front: front, convolutions: layers, biases: hasBiases, norm: encoderNorm, activation: activation,
            context: encoderContext, pooling: pooling)
    }

    private var encoderNorm: WaveformEncoder.Configuration.Norm {
        switch norm {
        case .batch: .batch
        case .layer: .layer
        case .group: .group(1)
        case .first: .first
        case .none: .none
        }
    }

    private var encoderContext: WaveformEncoder.Configuration.Context {
        switch context {
        case .none: .none
        case .gru: .gru(hidden: hidden, layers: layers)
        case .lstm: .lstm(hidden: hidden, layers: layers)
        case .transformer:
            .transformer(
                depth: layers, heads: heads, dropout: Float(dropout), width: hidden, positions: positions,
                placement: placement)
        }
    }

    /// Channels of the convolutions' output, and of the whole encoder's.
    var features: Double { Double(channels.last ?? inputs) }
    var width: Double { context == .none ? features : Double(hidden) }

    var weights: [EncoderCost] {
        let layers = zip(zip([inputs] + channels, channels), kernels).map {
            Double($0.0) * Double($0.1) * Double($1)
        }
        var result = [EncoderCost("channels", layers.reduce(0, +))]
        let channels = Double(self.channels.last ?? 1), hidden = Double(hidden), depth = Double(self.layers)
        switch context {
        case .none: result.append(EncoderCost("channels", hasOwnContext ? 6 * channels * channels : 0))
        case .gru, .lstm:
            result.append(EncoderCost("hidden", 4 * hidden * (channels + hidden + 2 * hidden * (depth - 1))))
        case .transformer: result.append(EncoderCost("hidden", 12 * hidden * hidden * depth))
        }
        return result
    }
}
