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
        try views.refuseMasks(of: Self.name)
        return convolutions.configuration(front: .samples)
    }
}

/// The convolutions of wav2vec 2.0 over samples, and what runs over their output.
///
/// ```yaml
/// model:
///   audio: {encoder: wav2vec2, context: transformer, hidden: 768, layers: 12, positions: convolution}
/// ```
public struct Wav2Vec2EncoderRecipe: WaveformRecipe {
    public static let name = "wav2vec2"

    public let convolutions: WaveformSettings

    public init(_ fields: Fields, for use: EncoderUse) throws {
        convolutions = try WaveformSettings(
            fields, use, channels: [Int](repeating: 512, count: 7), kernels: { _ in [10, 3, 3, 3, 3, 2, 2] },
            strides: { _ in [5, 2, 2, 2, 2, 2, 2] }, inputs: 1, frame: (1, 0), norm: .first, activation: .gelu,
            biases: false, isPadded: false)
        guard !convolutions.channels.isEmpty else {
            throw fields.fault("channels", "encoder wav2vec2 wants at least one convolution")
        }
    }

    public func configuration(_ views: AudioViewSettings) throws -> WaveformEncoder.Configuration {
        try views.refuseMasks(of: Self.name)
        return convolutions.configuration(front: .samples)
    }
}

extension AudioViewSettings {
    /// Refuses masks over log-mel frames where the encoder reads samples.
    fileprivate func refuseMasks(of encoder: String) throws {
        guard frequencyMasks + timeMasks == 0 else {
            throw RecipeError.data(
                message: "views.audio.\(frequencyMasks > 0 ? "frequency_masks" : "time_masks"): masks cover "
                    + "log-mel frames, and encoder \(encoder) reads samples; leave it out, or choose encoder log_mel")
        }
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
