public import ConcordLayers
public import ConcordTensors

/// What a recipe's objective gets: the inputs of N samples by name, each of those that have it.
///
/// ```swift
/// batch.image                                    // of the input "image": shorter for batch[image: "image"]
/// batch[text: "question"]
/// batch[ids: "user"]
/// batch[imageViews: "image"]                     // two views, where the objective asks for them
/// ```
public struct MultimodalBatch: Sendable {
    private var images: [String: Available<Tensor>] = [:]
    private var texts: [String: Available<Tokens>] = [:]
    private var audios: [String: Available<Waveform>] = [:]
    private var videos: [String: Available<Video>] = [:]
    private var identities: [String: Available<IDs>] = [:]
    private var secondImages: [String: Available<Tensor>] = [:]
    private var secondAudios: [String: Available<Waveform>] = [:]
    private var secondVideos: [String: Available<Video>] = [:]
    private var localImages: [String: LocalViews<Tensor>] = [:]

    /// A teacher's unit embeddings of the samples, `[n, D]`, of those that it could read; nil where there is no
    /// teacher.
    public var teacher: Available<Tensor>?

    /// `[N]` int32: samples of equal number are each other's positives; nil where only a sample's own are.
    public var labels: Tensor?

    /// `[N]` int32: the classes that are learned, -1 for a sample without one; nil where none are.
    public var classes: Tensor?

    /// `[N]` float32: the numbers that are learned, NaN for a sample without one; nil where none are.
    public var targets: Tensor?

    /// A batch without inputs.
    public init() {}

    /// Images of an input, `[n, H, W, 3]`, normalized; nil where it has none.
    public subscript(image name: String) -> Available<Tensor>? {
        get { images[name] }
        set { images[name] = newValue }
    }

    /// Texts of an input, `[n, T]`; nil where it has none.
    public subscript(text name: String) -> Available<Tokens>? {
        get { texts[name] }
        set { texts[name] = newValue }
    }

    /// Clips of an input, `[n, S]`; nil where it has none.
    public subscript(audio name: String) -> Available<Waveform>? {
        get { audios[name] }
        set { audios[name] = newValue }
    }

    /// Clips of an input of videos, `[n, T, H, W, 3]`; nil where it has none.
    public subscript(video name: String) -> Available<Video>? {
        get { videos[name] }
        set { videos[name] = newValue }
    }

    /// Ids of an input, `[n]`: rows of its encoder's table; nil where it has none.
    public subscript(ids name: String) -> Available<IDs>? {
        get { identities[name] }
        set { identities[name] = newValue }
    }

    /// `[N]` int32, the table's row of each sample's id; nil where the batch has none.
    public subscript(idRows name: String) -> Tensor? { identities[name]?.input.rows }

    /// Another view of the same samples' images, where the objective compares two.
    public subscript(secondImage name: String) -> Available<Tensor>? {
        get { secondImages[name] }
        set { secondImages[name] = newValue }
    }

    /// Another view of the same samples' clips, where the objective compares two.
    public subscript(secondAudio name: String) -> Available<Waveform>? {
        get { secondAudios[name] }
        set { secondAudios[name] = newValue }
    }

    /// Another view of the same samples' videos, where the objective compares two.
    public subscript(secondVideo name: String) -> Available<Video>? {
        get { secondVideos[name] }
        set { secondVideos[name] = newValue }
    }

    /// Both views of an input's videos; nil where there are none.
    public subscript(videoViews name: String) -> Available<Views<Video>>? {
        views(videos[name], secondVideos[name])
    }

    /// Smaller crops of the same samples' images, where the objective compares them: `[V n, h, w, 3]`.
    public subscript(localImages name: String) -> LocalViews<Tensor>? {
        get { localImages[name] }
        set { localImages[name] = newValue }
    }

    /// Both views of an input's images, and their smaller crops; nil where there are none.
    public subscript(imageViews name: String) -> Available<Views<Tensor>>? {
        views(images[name], secondImages[name], localImages[name])
    }

    /// Both views of an input's clips; nil where there are none.
    public subscript(audioViews name: String) -> Available<Views<Waveform>>? {
        views(audios[name], secondAudios[name])
    }

    /// The same texts twice: views that differ by the encoder's dropout alone; nil where there are none.
    public subscript(textViews name: String) -> Available<Views<Tokens>>? {
        views(texts[name], texts[name])
    }

    /// Of the input "image".
    public var image: Available<Tensor>? {
        get { self[image: "image"] }
        set { self[image: "image"] = newValue }
    }

    /// Of the input "text".
    public var text: Available<Tokens>? {
        get { self[text: "text"] }
        set { self[text: "text"] = newValue }
    }

    /// Of the input "audio".
    public var audio: Available<Waveform>? {
        get { self[audio: "audio"] }
        set { self[audio: "audio"] = newValue }
    }

    /// Both views of the input "image".
    public var imageViews: Available<Views<Tensor>>? { self[imageViews: "image"] }
    /// Both views of the input "audio".
    public var audioViews: Available<Views<Waveform>>? { self[audioViews: "audio"] }

    private func views<Input>(
        _ first: Available<Input>?, _ second: Available<Input>?, _ local: LocalViews<Input>? = nil
    ) -> Available<Views<Input>>? {
        guard let first, let second else { return nil }
        let own = labels.map { labels in
            first.rows.map { labels.gathered(at: Tensor($0.map(Int32.init), shape: [$0.count])) } ?? labels
        }
        let views = Views(first: first.input, second: second.input, local: local, labels: own)
        return first.rows.map { Available(views, rows: $0, of: first.count) } ?? Available(views, count: first.count)
    }
}
