public import ConcordLayers
public import ConcordTensors

/// From one input of some samples to their embeddings.
public struct ModalityEmbedder: Sendable {
    /// `[N, D]`, in the shared space where there is one.
    let embedding: @Sendable (ModalityInput) -> Tensor
    /// `[N, C]`, what probes look at: the encoder's output.
    let features: @Sendable (ModalityInput) -> Tensor
    /// Frames of clips in their context, `[N, T, D]`; nil where there are none.
    private(set) var frames: (@Sendable (Waveform) -> Tensor)?

    /// One output for both.
    public init(_ embedding: @escaping @Sendable (ModalityInput) -> Tensor) {
        (self.embedding, features) = (embedding, embedding)
    }

    /// - Parameters:
    ///   - embedding: `[N, D]`, in the shared space where there is one.
    ///   - features: `[N, C]`, what probes look at.
    public init(
        embedding: @escaping @Sendable (ModalityInput) -> Tensor,
        features: @escaping @Sendable (ModalityInput) -> Tensor
    ) {
        (self.embedding, self.features) = (embedding, features)
    }

    /// An encoder of images.
    public static func images(_ encoder: any FeatureEncoder<Tensor>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .image(let images) = input else { input.stop(.image) }
            return encoder(images)
        }
    }

    /// An encoder of texts.
    public static func texts(_ encoder: any FeatureEncoder<Tokens>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .text(let tokens) = input else { input.stop(.text) }
            return encoder(tokens)
        }
    }

    /// An encoder of audio.
    public static func audio(_ encoder: any FeatureEncoder<Waveform>) -> ModalityEmbedder {
        audio { encoder($0) }
    }

    /// An encoder of ids.
    public static func ids(_ encoder: any FeatureEncoder<IDs>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .ids(let ids) = input else { input.stop(.id) }
            return encoder(ids)
        }
    }

    /// An encoder of videos.
    public static func videos(_ encoder: any FeatureEncoder<Video>) -> ModalityEmbedder { videos { encoder($0) } }

    /// Something that takes clips of videos.
    public static func videos(_ body: @escaping @Sendable (Video) -> Tensor) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .video(let clips) = input else { input.stop(.video) }
            return body(clips)
        }
    }

    /// Something that takes clips.
    public static func audio(_ body: @escaping @Sendable (Waveform) -> Tensor) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .audio(let clips) = input else { input.stop(.audio) }
            return body(clips)
        }
    }

    /// Something that takes clips, and has frames of them, `[N, T, D]`.
    static func audio(
        _ body: @escaping @Sendable (Waveform) -> Tensor, frames: @escaping @Sendable (Waveform) -> Tensor
    ) -> ModalityEmbedder {
        var embedder = audio(body)
        embedder.frames = frames
        return embedder
    }
}

/// One input of some samples, as an encoder takes it.
public enum ModalityInput: Sendable {
    /// `[N, H, W, 3]`.
    case image(Tensor)
    /// `[N, T]`.
    case text(Tokens)
    /// `[N, S]`.
    case audio(Waveform)
    /// `[N]`.
    case ids(IDs)
    /// `[N, T, H, W, 3]`.
    case video(Video)

    func stop(_ wanted: Modality) -> Never { ShapeCheck.fail("embed", "an encoder of \(wanted.rawValue) got \(self)") }
}
