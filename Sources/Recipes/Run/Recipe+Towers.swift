import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

extension Recipe {
    /// The towers of the recipe's modalities, in one space.
    func contrastive(_ settings: ContrastiveSettings, text: TextTransformer?) -> Contrastive<MultimodalBatch> {
        var towers: [Tower<MultimodalBatch>] = []
        if let image = model.image {
            towers.append(
                Tower(
                    "image", \.image,
                    ResNet(
                        depth: image.depth, stem: image.stem == .cifar ? .cifar : .imageNet, width: image.width,
                        normalization: image.norm, checkpointing: image.checkpointing)))
        }
        if let text { towers.append(Tower("text", \.text, text)) }
        if let audio = model.audio, let views = views.audio {
            towers.append(Tower("audio", \.audio, WaveformEncoder(.init(audio, rate: views.rate))))
        }
        let temperature = Float(settings.temperature)
        let loss = InfoNCE(
            temperature: settings.isTemperatureLearned ? .learned(initial: temperature) : .fixed(temperature),
            smoothing: Float(settings.labelSmoothing))
        var labels: (any KeyPath<MultimodalBatch, Tensor?> & Sendable)?
        if settings.positives != .pair { labels = \MultimodalBatch.labels }
        return Contrastive(
            towers, dimension: model.dimension, loss: loss, pairs: settings.anchor.map { .anchored($0.rawValue) } ?? .all, labels: labels)
    }

    /// The sound encoder alone, for objectives that put a context over its frames themselves.
    func audioEncoder(withContext: Bool) throws -> WaveformEncoder {
        guard let audio = model.audio, let views = views.audio else { throw RecipeError.data(message: "the objective wants sounds") }
        var configuration = WaveformEncoder.Configuration(audio, rate: views.rate)
        if !withContext { configuration.context = .none }
        return WaveformEncoder(configuration)
    }

    /// What frame prediction predicts: log-mel frames, or the samples of a frame.
    func frameTarget(_ settings: FrameSettings) throws -> FrameTarget<Waveform> {
        guard let audio = model.audio, let views = views.audio else { throw RecipeError.data(message: "the objective wants sounds") }
        let stride = audio.strides.reduce(1, *)
        switch (settings.target, audio.encoder) {
        case (.logMel, .logMel): return .logMel(audio.frames(rate: views.rate), stride: stride)
        case (.logMel, .cpc):
            let frames = LogMel.Configuration(
                rate: views.rate, transform: 2 * stride, hop: stride, mels: 40, logarithm: .natural(offset: 1e-6), isStandardized: true)
            return .logMel(frames)
        case (.samples, .logMel): return .samples(hop: stride * audio.hop)
        case (.samples, .cpc): return .samples(hop: stride)
        }
    }

    /// What to say of mel bands that are silent because no frequency of the spectrum falls into them; nil where there
    /// are none.
    var emptyBandNotice: String? {
        guard let audio = model.audio, audio.encoder == .logMel, let views = views.audio else { return nil }
        var frames = audio.frames(rate: views.rate)
        let empty = frames.emptyBandCount
        guard empty > 0 else { return nil }
        while frames.mels > 1, frames.emptyBandCount > 0 { frames.mels -= 1 }
        return "\(empty) of \(audio.mels) mel bands are empty, since no frequency of a window of \(audio.window) samples at \(views.rate) "
            + "samples a second falls into them: give fewer bands (model.audio.mels, \(frames.mels) leave none empty) or a larger window "
            + "(model.audio.window)"
    }

    /// Refuses windows that hold no frame to predict.
    func requireFrames(_ encoder: WaveformEncoder, ahead: Int) throws {
        guard let views = views.audio, encoder.configuration.frames(of: views.length) <= ahead else { return }
        throw RecipeError.data(
            message:
                "views.audio.seconds: \(views.seconds) s hold \(encoder.configuration.frames(of: views.length)) frames, and the objective "
                + "predicts \(ahead) ahead; give longer windows, or a smaller objective.ahead or objective.horizon")
    }

    /// What runs over the frames of a predictive objective: a GRU where the recipe names nothing else.
    func context(over channels: Int) throws -> any SequenceLayer {
        guard let audio = model.audio else { throw RecipeError.data(message: "the objective wants sounds") }
        switch audio.context {
        case .none: return GRU(channels, hidden: channels)
        case .gru: return GRU(channels, hidden: audio.hidden, layers: audio.layers)
        case .lstm: return LSTM(channels, hidden: audio.hidden, layers: audio.layers)
        case .transformer: return TransformerContext(channels, depth: audio.layers, heads: audio.heads, causal: true)
        }
    }
}

extension AudioTowerSettings {
    /// The log-mel front, where the encoder has one.
    func frames(rate: Int) -> LogMel.Configuration {
        LogMel.Configuration(
            rate: rate, transform: window, hop: hop, mels: mels, logarithm: .natural(offset: 1e-6), isStandardized: isStandardized)
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
            convolutions: convolutions, norm: norms[settings.norm, default: .batch], pooling: settings.pooling == .mean ? .mean : .max)
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
        initialization.tokens = .normal(deviation: Float(settings.tokenDeviation))
        self.init(
            vocabulary: vocabulary, width: settings.width, depth: settings.depth, heads: settings.heads, context: settings.context,
            causal: settings.causal, pooling: poolings[settings.pooling, default: .first], dropout: Float(settings.dropout),
            embeddingDropout: Float(settings.embeddingDropout), attentionDropout: Float(settings.attentionDropout),
            activationDropout: Float(settings.activationDropout), checkpointing: settings.checkpointing,
            initialization: initialization)
    }
}
