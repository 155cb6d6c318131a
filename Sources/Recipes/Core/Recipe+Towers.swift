import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

extension Recipe {
    /// What to say of mel bands that are silent because no frequency of the spectrum falls into them; nil where there
    /// are none.
    var emptyBandNotice: String? {
        guard let audio = model.audio, audio.encoder == .logMel, let views = views.audio else { return nil }
        var frames = audio.frames(rate: views.rate)
        let empty = frames.emptyBandCount
        guard empty > 0 else { return nil }
        while frames.mels > 1, frames.emptyBandCount > 0 { frames.mels -= 1 }
        return
            "\(empty) of \(audio.mels) mel bands are empty, since no frequency of a window of \(audio.window) samples "
            + "at \(views.rate) "
            + "samples a second falls into them: give fewer bands (model.audio.mels, \(frames.mels) leave none empty) "
            + "or a larger window "
            + "(model.audio.window)"
    }
}

extension AudioTowerSettings {
    /// The log-mel front, where the encoder has one.
    func frames(rate: Int) -> LogMel.Configuration {
        LogMel.Configuration(
            rate: rate, fftSize: window, hop: hop, mels: mels, logarithm: .natural(offset: 1e-6),
            isStandardized: isStandardized)
    }
}

extension WaveformEncoder.Configuration {
    /// - Parameter rate: samples a second of what the encoder hears.
    init(_ settings: AudioTowerSettings, rate: Int) {
        let convolutions = zip(settings.channels, zip(settings.kernels, settings.strides)).map { channels, shape in
            Convolution(channels, kernel: shape.0, stride: shape.1, padding: max(0, (shape.0 - shape.1 + 1) / 2))
        }
        let norms: [AudioTowerSettings.Norm: Norm] = [.batch: .batch, .layer: .layer, .group: .group(1), .none: .none]
        self.init(
            convolutions: convolutions, norm: norms[settings.norm, default: .batch],
            pooling: settings.pooling == .mean ? .mean : .max)
        if settings.encoder == .logMel {
            front = .logMel(settings.frames(rate: rate))
        }
        switch settings.context {
        case .none: context = .none
        case .gru: context = .gru(hidden: settings.hidden, layers: settings.layers)
        case .lstm: context = .lstm(hidden: settings.hidden, layers: settings.layers)
        case .transformer: context = .transformer(depth: settings.layers, heads: settings.heads)
        }
    }
}

extension TextTransformer {
    convenience init(_ settings: TextTowerSettings, vocabulary: Vocabulary) {
        let poolings: [TextTowerSettings.Pooling: Pooling] = [.first: .first, .mean: .mean, .endOfText: .endOfText]
        var initialization = Initialization.plain(width: settings.width)
        initialization.tokens = .normal(std: Float(settings.tokenStd))
        self.init(
            vocabulary: vocabulary, width: settings.width, depth: settings.depth, heads: settings.heads,
            context: settings.context,
            causal: settings.causal, pooling: poolings[settings.pooling, default: .first],
            dropout: Float(settings.dropout),
            embeddingDropout: Float(settings.embeddingDropout), attentionDropout: Float(settings.attentionDropout),
            activationDropout: Float(settings.activationDropout), checkpointing: settings.checkpointing,
            initialization: initialization)
    }
}
