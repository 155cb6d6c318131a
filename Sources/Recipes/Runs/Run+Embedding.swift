public import ConcordTensors
import ConcordTokenizers

extension Run {
    /// Unit embeddings of sentences, `[N, D]`.
    public func embed(texts: [String]) throws -> Tensor {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        return try embedder.texts(texts).l2Normalized()
    }

    /// Unit embeddings of image files, `[N, D]`.
    /// - Throws: for the first file that cannot be read, with the reason.
    public func embed(images paths: [String]) throws -> Tensor { try embed(paths, .image) }

    /// Unit embeddings of audio files, `[N, D]`; of a recording longer than the model's window the mean over its
    /// windows.
    /// - Throws: for the first file that cannot be read, with the reason.
    public func embed(audio paths: [String]) throws -> Tensor { try embed(paths, .audio) }

    private func embed(_ paths: [String], _ modality: Modality) throws -> Tensor {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(modality.rawValue) to embed") }
        let files = try embedder.embed(paths, modality, badLimit: 1)
        if let first = files.rejected.first { throw RecipeError.rejected(first) }
        return files.embeddings.l2Normalized()
    }

    /// An index of image files; the unreadable ones are left out and listed in `rejected`.
    /// - Parameters:
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: if more are unreadable, or all.
    public func index(
        images paths: [String], badLimit: Double = 1, progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        try index(paths, .image, .averaged, badLimit, progress)
    }

    /// An index of audio files; the unreadable ones are left out and listed in `rejected`.
    /// - Parameters:
    ///   - windows: how recordings longer than a window are embedded; by default each window is a row with its start
    ///     and end.
    ///   - badLimit: the fraction of files, in `0...1`, that may be unreadable; one always may.
    ///   - progress: is called with the number of files done.
    /// - Throws: if more are unreadable, or all.
    public func index(
        audio paths: [String], windows: AudioWindowing = .separate(), badLimit: Double = 1,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws -> EmbeddingIndex {
        try index(paths, .audio, windows, badLimit, progress)
    }

    private func index(
        _ paths: [String], _ modality: Modality, _ windows: AudioWindowing, _ badLimit: Double, _ progress: (Int) -> Void
    ) throws -> EmbeddingIndex {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(modality.rawValue) to embed") }
        let files = try embedder.embed(paths, modality, windows: windows, badLimit: badLimit, progress: progress)
        var index = EmbeddingIndex(
            embeddings: files.embeddings, names: files.entries.map { paths[$0.file] },
            seconds: files.entries.map(\.seconds),
            source: source(modality))
        index.leaveOut(files.rejected)
        return index
    }

    /// An index of sentences.
    /// - Parameter progress: is called with the number of texts done.
    public func index(texts: [String], progress: (_ done: Int) -> Void = { _ in }) throws -> EmbeddingIndex {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        let embeddings = try embedder.texts(texts, progress: progress)
        return EmbeddingIndex(embeddings: embeddings, names: texts, source: source(.text))
    }

    private func source(_ modality: Modality) -> IndexSource {
        IndexSource(modality: modality, weights: fingerprint, tokenizer: tokenizer?.fingerprint, checkpoint: weights)
    }
}
