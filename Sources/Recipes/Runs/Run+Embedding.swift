public import ConcordDatasets
public import ConcordTensors
import ConcordTokenizers

extension Run {
    /// Unit embeddings of sentences, `[N, D]`.
    /// - Parameter input: the name of the input, where the model has several of texts; nil for the first.
    public func embed(texts: [String], input: String? = nil) throws -> Tensor {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        return try embedder.texts(texts, of: self.input(.text, named: input)).l2Normalized()
    }

    /// Unit embeddings of image files, `[N, D]`.
    /// - Parameter input: the name of the input, where the model has several of images; nil for the first.
    /// - Throws: for the first file that cannot be read, with the reason.
    public func embed(images paths: [String], input: String? = nil) throws -> Tensor {
        try embed(paths, .image, input)
    }

    /// Unit embeddings of audio files, `[N, D]`; of a recording longer than the model's window the mean over its
    /// windows.
    /// - Parameter input: the name of the input, where the model has several of audio; nil for the first.
    /// - Throws: for the first file that cannot be read, with the reason.
    public func embed(audio paths: [String], input: String? = nil) throws -> Tensor {
        try embed(paths, .audio, input)
    }

    /// Unit embeddings of videos, `[N, D]`: of each folder of frames the mean over its clips.
    /// - Parameter input: the name of the input, where the model has several of videos; nil for the first.
    /// - Throws: for the first folder that cannot be read, or has fewer frames than a clip, with the reason.
    public func embed(videos folders: [String], input: String? = nil) throws -> Tensor {
        try embed(folders, .video, input)
    }

    /// Unit embeddings of images in memory, `[N, D]`.
    public func embed(images: [Image], input: String? = nil) throws -> Tensor {
        guard !images.isEmpty else { throw RecipeError.data(message: "no image to embed") }
        return try embedder.embed(images: images, self.input(.image, named: input)).l2Normalized()
    }

    /// Unit embeddings of image files' bytes, `[N, D]`: JPEG, PNG or WebP.
    /// - Throws: for the first that cannot be decoded, with its place in the list and the reason.
    public func embed(imageBytes files: [[UInt8]], input: String? = nil) throws -> Tensor {
        try embed(images: files.enumerated().map { place, bytes in
            do { return try embedder.decoded(EncodedImage(bytes)) } catch {
                throw RecipeError.data(message: "image \(place) of \(files.count): \(error)")
            }
        }, input: input)
    }

    /// Unit embeddings of clips in memory, `[N, D]`; of one longer than the model's window the mean over its windows.
    /// They are resampled to the model's rate.
    public func embed(audio clips: [Audio], input: String? = nil) throws -> Tensor {
        guard !clips.isEmpty else { throw RecipeError.data(message: "no audio to embed") }
        return try embedder.embed(clips: clips, self.input(.audio, named: input)).l2Normalized()
    }

    /// Unit embeddings of audio files' bytes, `[N, D]`, of any format that files may have.
    /// - Throws: for the first that cannot be decoded, with its place in the list and the reason.
    public func embed(audioBytes files: [[UInt8]], input: String? = nil) throws -> Tensor {
        let rate = recipe.views.audio?.rate
        return try embed(audio: files.enumerated().map { place, bytes in
            do { return try Audio(bytes, rate: rate) } catch {
                throw RecipeError.data(message: "audio \(place) of \(files.count): \(error)")
            }
        }, input: input)
    }

    private func embed(_ paths: [String], _ kind: Modality, _ input: String?) throws -> Tensor {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(kind.rawValue) to embed") }
        let files = try embedder.embed(paths, self.input(kind, named: input), badLimit: 1)
        if let first = files.rejected.first { throw RecipeError.rejected(first) }
        return files.embeddings.l2Normalized()
    }

    /// An index of image files; the unreadable ones are left out and listed in `rejected`.
    /// - Parameters:
    ///   - input: the name of the input, where the model has several of images; nil for the first.
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: if more are unreadable, or all.
    public func index(
        images paths: [String], input: String? = nil, badLimit: Double = 1, progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        try index(paths, .image, input, .averaged, badLimit, progress)
    }

    /// An index of audio files; the unreadable ones are left out and listed in `rejected`.
    /// - Parameters:
    ///   - input: the name of the input, where the model has several of audio; nil for the first.
    ///   - windows: how recordings longer than a window are embedded; by default each window is a row with its start
    ///     and end.
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: if more are unreadable, or all.
    public func index(
        audio paths: [String], input: String? = nil, windows: AudioWindowing = .separate(), badLimit: Double = 1,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        try index(paths, .audio, input, windows, badLimit, progress)
    }

    /// An index of videos, folders of frames each: the mean over a video's clips is its row. The unreadable ones are
    /// left out and listed in `rejected`.
    /// - Parameters:
    ///   - input: the name of the input, where the model has several of videos; nil for the first.
    ///   - badLimit: the fraction of folders, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of videos done.
    /// - Throws: if more are unreadable, or all.
    public func index(
        videos folders: [String], input: String? = nil, badLimit: Double = 1,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        try index(folders, .video, input, .averaged, badLimit, progress)
    }

    private func index(
        _ paths: [String], _ kind: Modality, _ input: String?, _ windows: AudioWindowing, _ badLimit: Double,
        _ progress: (Int) -> Void
    ) throws -> EmbeddingIndex {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(kind.rawValue) to embed") }
        let files = try embedder.embed(
            paths, self.input(kind, named: input), windows: windows, badLimit: badLimit, progress: progress)
        var index = EmbeddingIndex(
            embeddings: files.embeddings, names: files.entries.map { paths[$0.file] },
            seconds: files.entries.map(\.seconds),
            source: source(kind))
        index.leaveOut(files.rejected)
        return index
    }

    /// Unit embeddings of ids, `[N, D]`.
    /// - Parameter input: the name of the input, where the model has several of ids; nil for the first.
    /// - Throws: for the first that no training row has.
    public func embed(ids: [String], input: String? = nil) throws -> Tensor {
        guard !ids.isEmpty else { throw RecipeError.data(message: "no id to embed") }
        return try embedder.ids(ids, of: self.input(.id, named: input)).l2Normalized()
    }

    /// An index of ids: all that the model has a row for, or some of them.
    /// - Parameters:
    ///   - ids: nil for all.
    ///   - input: the name of the input, where the model has several of ids; nil for the first.
    /// - Throws: for the first that no training row has.
    public func index(ids: [String]? = nil, input: String? = nil) throws -> EmbeddingIndex {
        let names = try ids ?? self.ids(of: input).ids, input = try self.input(.id, named: input)
        guard !names.isEmpty else { throw RecipeError.data(message: "no id to embed") }
        return EmbeddingIndex(
            embeddings: try embedder.ids(names, of: input), names: names, source: source(.id))
    }

    /// An index of sentences.
    /// - Parameters:
    ///   - input: the name of the input, where the model has several of texts; nil for the first.
    ///   - progress: is called with the number of texts done.
    public func index(
        texts: [String], input: String? = nil, progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        let embeddings = try embedder.texts(texts, of: self.input(.text, named: input), progress: progress)
        return EmbeddingIndex(embeddings: embeddings, names: texts, source: source(.text))
    }

    private func source(_ kind: Modality) -> IndexSource {
        IndexSource(modality: kind, weights: fingerprint, tokenizer: tokenizer?.fingerprint, checkpoint: weights)
    }
}
