public import ConcordEncoders
public import ConcordLayers
import ConcordTensors

/// Convolutions over log-mel frames, and what runs over their output.
///
/// ```yaml
/// model:
///   audio: {encoder: log_mel, mels: 40, window: 200, hop: 80, channels: [128, 128], kernels: [3, 3], strides: [1, 2]}
/// ```
public struct LogMelRecipe: WaveformRecipe {
    public static let name = "log_mel"

    /// Bands of the log-mel frames; their window and hop in samples.
    public let mels, window, hop: Int
    /// Whether each band of a clip is brought to mean 0 and standard deviation 1.
    public let isStandardized: Bool
    public let convolutions: WaveformSettings

    public init(_ fields: Fields, for use: EncoderUse) throws {
        mels = try fields.integer("mels", default: 64, in: 1...1024, "Mel bands.")
        window = try fields.integer(
            "window", default: 400, in: 8...16384, "Window of a spectrum in samples (n_fft).")
        hop = try fields.integer(
            "hop", default: max(1, window * 2 / 5), in: 1...65536,
            "Samples between spectra; by default window * 2 / 5.")
        isStandardized = try fields.flag(
            "standardize", default: true, "Whether each band of a clip gets mean 0 and standard deviation 1.")
        convolutions = try WaveformSettings(
            fields, use, channels: [128, 128, 128], kernels: { $0.map { _ in 3 } },
            strides: { $0.indices.map { $0 == 0 ? 1 : 2 } }, inputs: mels, frame: (hop, window))
    }

    /// The log-mel frames that the convolutions see.
    /// - Parameter rate: samples a second.
    public func frames(rate: Int) -> LogMel.Configuration {
        LogMel.Configuration(
            rate: rate, fftSize: window, hop: hop, mels: mels, logarithm: .natural(offset: 1e-6),
            isStandardized: isStandardized)
    }

    public func configuration(_ views: AudioViewSettings) -> WaveformEncoder.Configuration {
        var result = convolutions.configuration(front: .logMel(frames(rate: views.rate)))
        result.augmentation = views.specAugment(hop: hop)
        return result
    }

    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] {
        [EncoderCost("window", frames(rate: views.audio?.rate ?? 16000).spectrumBytes)]
    }
}

/// Strided convolutions over samples (the encoder of contrastive predictive coding), and what runs over their output.
///
/// ```yaml
/// model: {audio: {encoder: cpc, channels: [256, 256, 256, 256, 256]}}
/// ```
public struct CPCEncoderRecipe: WaveformRecipe {
    public static let name = "cpc"

    public let convolutions: WaveformSettings

    public init(_ fields: Fields, for use: EncoderUse) throws {
        convolutions = try WaveformSettings(
            fields, use, channels: [256, 256, 256, 256, 256], kernels: { _ in [10, 8, 4, 4, 4] },
            strides: { _ in [5, 4, 2, 2, 2] }, inputs: 1, frame: (1, 0))
        guard !convolutions.channels.isEmpty else {
            throw fields.fault("channels", "encoder cpc wants at least one convolution")
        }
    }

    public func configuration(_ views: AudioViewSettings) throws -> WaveformEncoder.Configuration {
        guard views.frequencyMasks + views.timeMasks == 0 else {
            throw RecipeError.data(
                message: "views.audio.\(views.frequencyMasks > 0 ? "frequency_masks" : "time_masks"): masks cover "
                    + "log-mel frames, and encoder cpc reads samples; leave it out, or choose encoder log_mel")
        }
        return convolutions.configuration(front: .samples)
    }
}

/// An encoder of audio whose frames predictive objectives learn from: a ``WaveformEncoder``.
public protocol WaveformRecipe: EncoderRecipe where Input == Waveform {
    /// Its convolutions, and what runs over their output.
    var convolutions: WaveformSettings { get }
    /// - Throws: `RecipeError` where views and encoder do not fit.
    func configuration(_ views: AudioViewSettings) throws -> WaveformEncoder.Configuration
}

extension WaveformRecipe {
    /// A ``WaveformEncoder`` of its configuration.
    public func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Waveform> {
        guard let views = context.views.audio else {
            throw RecipeError.data(message: "encoder \(Self.name) wants views of audio")
        }
        return WaveformEncoder(try configuration(views))
    }

    public var batchNormalizedKey: String? { convolutions.norm == .batch ? "norm" : nil }
    public var embeddingSize: Int { Int(convolutions.width) }
    public func weights(vocabulary: Int) -> [EncoderCost] { convolutions.weights }
}

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
        /// Attention, with sinusoidal positions.
        case transformer
    }

    /// Of each convolution.
    public let channels, kernels, strides: [Int]
    /// What follows each convolution.
    public let norm: Norm
    /// What runs over the frames.
    public let context: Context
    /// Width of a recurrent context and its number of layers, or a transformer's number of blocks.
    public let hidden, layers: Int
    /// Attention heads of a transformer context.
    public let heads: Int
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
        strides strideDefaults: ([Int]) -> [Int], inputs: Int, frame: (hop: Int, window: Int)
    ) throws {
        (self.inputs, hasOwnContext) = (inputs, use.hasOwnContext)
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
        norm = try fields.choice("norm", default: Norm.batch, "Normalization after each convolution.")
        context = try fields.choice(
            "context", default: Context.none, "What runs over the frames after the convolutions.")
        hidden =
            context == .none || context == .transformer
            ? 0 : try fields.integer("hidden", default: 256, in: 1...65536, "Size of the context's hidden states.")
        layers = context == .none ? 0 : try fields.integer("layers", default: 1, in: 1...100, "Layers of the context.")
        heads = context == .transformer ? try Self.heads(fields, channels: channels.last ?? 1) : 1
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

    private static func heads(_ fields: Fields, channels: Int) throws -> Int {
        let heads = try fields.integer(
            "heads", default: TransformerRecipe.heads(channels), in: 1...65536,
            "Attention heads of the context; the last of channels must be a multiple. By default one for 64 channels.")
        guard channels % heads == 0 else {
            throw fields.fault("heads", "\(channels) channels are no multiple of \(heads) heads")
        }
        return heads
    }

    func configuration(front: WaveformEncoder.Configuration.Front) -> WaveformEncoder.Configuration {
        let layers = zip(channels, zip(kernels, strides)).map { channels, shape in
            WaveformEncoder.Configuration.Convolution(
                channels, kernel: shape.0, stride: shape.1, padding: max(0, (shape.0 - shape.1 + 1) / 2))
        }
        return WaveformEncoder.Configuration(
            front: front, convolutions: layers, norm: encoderNorm, context: encoderContext, pooling: pooling)
    }

    private var encoderNorm: WaveformEncoder.Configuration.Norm {
        switch norm {
        case .batch: .batch
        case .layer: .layer
        case .group: .group(1)
        case .none: .none
        }
    }

    private var encoderContext: WaveformEncoder.Configuration.Context {
        switch context {
        case .none: .none
        case .gru: .gru(hidden: hidden, layers: layers)
        case .lstm: .lstm(hidden: hidden, layers: layers)
        case .transformer: .transformer(depth: layers, heads: heads)
        }
    }

    /// Channels of the convolutions' output, and of the whole encoder's.
    var features: Double { Double(channels.last ?? inputs) }
    var width: Double { context == .gru || context == .lstm ? Double(hidden) : features }

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
        case .transformer: result.append(EncoderCost("channels", 12 * channels * channels * depth))
        }
        return result
    }
}

extension Recipe {
    /// What to say of mel bands that are silent because no frequency of the spectrum falls into them; nil where there
    /// are none.
    var emptyBandNotice: String? {
        guard let audio: LogMelRecipe = model.encoder(), let views = views.audio else { return nil }
        var frames = audio.frames(rate: views.rate)
        let empty = frames.emptyBandCount
        guard empty > 0 else { return nil }
        while frames.mels > 1, frames.emptyBandCount > 0 { frames.mels -= 1 }
        return
            "\(empty) of \(audio.mels) mel bands are empty, since no frequency of a window of \(audio.window) samples "
            + "at \(views.rate) samples a second falls into them: give fewer bands (model.audio.mels, \(frames.mels) "
            + "leave none empty) or a larger window (model.audio.window)"
    }
}
