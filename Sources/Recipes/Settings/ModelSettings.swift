public import ConcordEncoders

/// `model`: an encoder for each modality of the data, and the size of the space that they share.
///
/// ```yaml
/// model:
///   dimension: 256
///   image: {encoder: resnet, depth: 18, stem: imagenet}
///   text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
///   audio: {encoder: log_mel, width: 128, mels: 64}
/// ```
///
/// A tower that the data have no column for is an error.
public struct ModelSettings: Sendable {
    /// Size D of the shared space.
    public let dimension: Int
    public let image: ImageTowerSettings?
    public let text: TextTowerSettings?
    public let audio: AudioTowerSettings?
    /// The key of the first encoder that normalizes by the statistics of the batch; nil where none does.
    let batchNormalized: String?

    init(_ fields: Fields, needs: DataNeeds) throws {
        let modalities = needs.modalities
        dimension =
            needs.hasSharedSpace
            ? try fields.integer("dimension", default: 256, in: 1...65536, "Size D of the shared embedding space.") : 0
        image = modalities.contains(.image) ? try ImageTowerSettings(fields.fields("image", "The image encoder.")) : nil
        text =
            modalities.contains(.text)
            ? try TextTowerSettings(fields.fields("text", "The text encoder."), isTied: needs.predictsTokens) : nil
        audio = modalities.contains(.audio) ? try AudioTowerSettings(fields.fields("audio", "The audio encoder.")) : nil
        if image?.norm == .batch {
            batchNormalized = "model.image.norm"
        } else {
            batchNormalized = audio?.norm == .batch ? "model.audio.norm" : nil
        }
        for modality in Modality.allCases where !modalities.contains(modality) && fields.has(modality.rawValue) {
            throw fields.fault(
                modality.rawValue,
                """
                    no \(modality.rawValue) to encode: objective.name uses none, or data.columns names none; leave \
                    this key out
                    """
            )
        }
    }
}

/// `model.image`: a ResNet.
public struct ImageTowerSettings: Sendable {
    public enum Stem: String, Sendable, CaseIterable { case imagenet, cifar }
    private enum Encoder: String, CaseIterable { case resnet }

    /// 18, 34 or 50.
    public let depth: Int
    public let stem: Stem
    /// What follows each convolution.
    public let norm: ResNet.Normalization
    /// Channels of the first stage; 64 in the paper.
    public let width: Int
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool

    init(_ fields: Fields) throws {
        _ = try fields.choice("encoder", default: Encoder.resnet, "The kind of encoder.")
        depth = try fields.integer("depth", default: 18, oneOf: [18, 34, 50], "Layers.")
        stem = try fields.choice(
            "stem", default: Stem.imagenet, "imagenet: 7x7, stride 2, max-pooling; cifar: 3x3 for small images.")
        norm = try fields.choice(
            "norm", default: ResNet.Normalization.batch,
            """
                Normalization: batch; group: independent of the batch, so exact with microbatch; frozen_batch: running \
                statistics as loaded.
                """
        )
        width = try fields.integer("width", default: 64, in: 1...1024, "Channels of the first stage.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
    }
}

/// `model.text`: a transformer over tokens.
public struct TextTowerSettings: Sendable {
    public enum Pooling: String, Sendable, CaseIterable {
        case first, mean
        case endOfText = "end_of_text"
    }
    private enum Encoder: String, CaseIterable { case transformer }

    public let width, depth, heads: Int
    /// Tokens a text has at most, special ones included.
    public let context: Int
    public let causal: Bool
    public let pooling: Pooling
    /// Probability on what each block adds to its input.
    public let dropout: Double
    /// On embedded tokens, on attention weights, and behind the MLP's activation.
    public let embeddingDropout, attentionDropout, activationDropout: Double
    /// Whether blocks are computed again in the backward pass: less memory, a third more time.
    public let checkpointing: Bool
    /// Standard deviation of the token table's first values.
    public let tokenStd: Double

    /// - Parameter isTied: whether the token table is also the output layer of a masked objective.
    init(_ fields: Fields, isTied: Bool) throws {
        _ = try fields.choice("encoder", default: Encoder.transformer, "The kind of encoder.")
        width = try fields.integer("width", default: 256, in: 1...65536, "Size of the hidden states.")
        depth = try fields.integer("depth", default: 4, in: 1...1000, "Number of blocks.")
        heads = try fields.integer(
            "heads", default: Self.heads(width), in: 1...width,
            "Attention heads; width must be a multiple. By default one for 64 channels.")
        guard width % heads == 0 else { throw fields.fault("heads", "width \(width) is no multiple of \(heads) heads") }
        context = try fields.integer(
            "context", default: 32, in: 2...65536, "Most tokens of a text, special ones included; longer texts are cut."
        )
        causal = try fields.flag("causal", default: false, "Whether a token attends only to earlier ones.")
        pooling = try fields.choice(
            "pooling", default: Pooling.first,
            "How a text becomes one vector: its first token, the mean, or its end-of-text token.")
        dropout = try fields.number(
            "dropout", default: 0, in: 0...0.99, "Dropout on what each block adds to its input.")
        checkpointing = try fields.flag(
            "checkpointing", default: false, "Recompute blocks in the backward pass: less memory, a third more time.")
        embeddingDropout = try fields.number(
            "embedding_dropout", default: 0, in: 0...0.99, "Dropout on the token embeddings.")
        attentionDropout = try fields.number(
            "attention_dropout", default: dropout, in: 0...0.99, "Dropout on attention weights; by default dropout.")
        activationDropout = try fields.number(
            "activation_dropout", default: dropout, in: 0...0.99,
            "Dropout after the MLP's activation; by default dropout.")
        // Logits of a tied table grow with its scale and the root of the width; small ones make an untrained loss near
        // ln V.
        let small = min(0.02, 0.5 / Double(width).squareRoot())
        tokenStd = try fields.number(
            "token_deviation", default: isTied ? small : 1, in: 1e-4...100,
            "Standard deviation of the initial token table; small where a masked objective predicts with it.")
    }

    /// The most heads of at least 64 channels that divide the width.
    static func heads(_ width: Int) -> Int {
        var heads = max(1, width / 64)
        while width % heads != 0 { heads -= 1 }
        return heads
    }
}

/// `model.audio`: convolutions over samples or log-mel frames, and what runs over their frames.
///
/// ```yaml
/// audio: {encoder: cpc}                                             # samples, five strided convolutions
/// audio: {encoder: log_mel, mels: 40, window: 200, hop: 80, channels: [128, 128], kernels: [3, 3], strides: [1, 2]}
/// ```
public struct AudioTowerSettings: Sendable {
    public enum Encoder: String, Sendable, CaseIterable {
        /// Convolutions over the samples.
        case cpc
        /// Log-mel frames, then convolutions over them.
        case logMel = "log_mel"
    }

    public enum Norm: String, Sendable, CaseIterable { case batch, layer, group, none }
    public enum Context: String, Sendable, CaseIterable { case none, gru, lstm, transformer }
    public enum Pooling: String, Sendable, CaseIterable { case mean, max }

    public let encoder: Encoder
    /// Bands of the log-mel frames; their window and hop in samples.
    public let mels, window, hop: Int
    /// Whether each band of a clip is brought to mean 0 and standard deviation 1.
    public let isStandardized: Bool
    /// Of each convolution.
    public let channels, kernels, strides: [Int]
    public let norm: Norm
    /// What runs over the frames, its width and its number of layers.
    public let context: Context
    public let hidden, layers: Int
    /// Attention heads of a transformer context.
    public let heads: Int
    public let pooling: Pooling

    init(_ fields: Fields) throws {
        encoder = try fields.choice(
            "encoder", default: Encoder.logMel,
            "log_mel: convolutions over log-mel frames; cpc: convolutions over the samples.")
        let isMel = encoder == .logMel
        mels = isMel ? try fields.integer("mels", default: 64, in: 1...1024, "Mel bands.") : 0
        window =
            isMel
            ? try fields.integer("window", default: 400, in: 8...16384, "Window of a spectrum in samples (n_fft).") : 0
        hop =
            isMel
            ? try fields.integer(
                "hop", default: max(1, window * 2 / 5), in: 1...65536,
                "Samples between spectra; by default window * 2 / 5.") : 0
        isStandardized =
            isMel
            ? try fields.flag(
                "standardize", default: true, "Whether each band of a clip gets mean 0 and standard deviation 1.")
            : false
        channels = try fields.integers(
            "channels", default: isMel ? [128, 128, 128] : [256, 256, 256, 256, 256], in: 1...65536,
            "Output channels of each convolution.")
        kernels = try fields.integers(
            "kernels", default: isMel ? channels.map { _ in 3 } : [10, 8, 4, 4, 4], in: 1...65536,
            "Kernel size of each convolution.")
        strides = try fields.integers(
            "strides", default: isMel ? channels.indices.map { $0 == 0 ? 1 : 2 } : [5, 4, 2, 2, 2], in: 1...65536,
            "Stride of each convolution.")
        guard isMel || !channels.isEmpty else {
            throw fields.fault("channels", "encoder cpc wants at least one convolution")
        }
        guard kernels.count == channels.count, strides.count == channels.count else {
            throw fields.fault(
                "kernels",
                """
                    \(channels.count) channels, \(kernels.count) kernels and \(strides.count) strides: as many of each \
                    wanted
                    """
            )
        }
        guard channels.count <= 64 else {
            throw fields.fault("channels", "\(channels.count) convolutions; at most 64 are possible")
        }
        let span = Self.span(kernels, strides) * Double(max(1, hop)) + Double(window)
        guard span <= 4_000_000 else {
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
        pooling = try fields.choice("pooling", default: Pooling.mean, "How frames become one vector.")
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
            "heads", default: TextTowerSettings.heads(channels), in: 1...65536,
            "Attention heads of the context; the last of channels must be a multiple. By default one for 64 channels.")
        guard channels % heads == 0 else {
            throw fields.fault("heads", "\(channels) channels are no multiple of \(heads) heads")
        }
        return heads
    }
}
