import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTokenizers

/// A model with what it takes to bring files and sentences to it: embeds in evaluation mode, a batch at a time.
struct Embedder: Sendable {
    let model: RecipeModel
    /// Nil where the model reads no text.
    let tokenizer: (any Tokenizer)?
    let recipe: Recipe

    /// Files a batch.
    private var size: Int { min(256, max(16, recipe.batch)) }

    /// Embeddings of sentences, `[N, D]`.
    /// - Throws: where the model reads no text.
    func texts(_ texts: [String], features: Bool = false) throws -> Tensor {
        guard let tokenizer, let tower = recipe.model.text else { throw missing(.text) }
        let pieces = stride(from: 0, to: texts.count, by: 512).map { first in
            let tokens = tokenizer.encode(Array(texts[first..<min(texts.count, first + 512)]), length: tower.context)
            return evaluating { features ? model.features(.text(tokens)) : model.embed(.text(tokens)) }
        }
        return pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 0)
    }

    /// Embeddings of picture or sound files, `[n, D]`, and which of them: bad files are left out, counted and named in the log.
    /// - Parameter features: the encoder's output in place of the shared space's.
    /// - Throws: where more than a share of `badLimit` is bad, all are, or the model has no tower for them.
    func files(
        _ paths: [String], _ modality: Modality, features: Bool = false, badLimit: Double? = nil
    ) throws -> (embeddings: Tensor, indices: [Int]) {
        switch modality {
        case .text: throw RecipeError.data(message: "texts are embedded as sentences, not as files")
        case .image:
            guard let settings = recipe.views.image, model.modalities.contains(.image) else { throw missing(.image) }
            let views = PictureViews(settings)
            return try embedded(paths, badLimit: badLimit, features: features, load: views.evaluated) { .image(views.batch($0)) }
        case .audio:
            guard let settings = recipe.views.audio, model.modalities.contains(.audio) else { throw missing(.audio) }
            let clips = SoundClips(settings), takesAny = recipe.objective.contrastive == nil
            return try embedded(paths, badLimit: badLimit, features: features, load: { try clips.evaluated($0, whole: takesAny) }) {
                .audio(clips.batch($0))
            }
        }
    }

    private func embedded<Item: Sendable>(
        _ paths: [String], badLimit: Double?, features: Bool, load: @escaping @Sendable (String) throws -> Item,
        input: @escaping @Sendable ([Item]) -> RecipeModel.Input
    ) throws -> (embeddings: Tensor, indices: [Int]) {
        let samples = Samples(count: paths.count, named: { paths[$0] }) { index, _ in try load(paths[index]) }
        let batches = samples.batches(
            of: size, shuffle: false, dropLast: false, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch,
            badLimit: badLimit ?? recipe.data.badShare, input)
        var pieces: [Tensor] = [], indices: [Int] = []
        for batch in batches.epoch(0) {
            let input = try batch.get()
            pieces.append(evaluating { features ? model.features(input) : model.embed(input) })
            indices += batch.indices
        }
        return (pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 0), indices)
    }

    private func missing(_ modality: Modality) -> RecipeError {
        let known = Modality.allCases.filter(model.modalities.contains).map(\.rawValue)
        return .data(message: "the run has no \(modality.rawValue) tower; it embeds \(known.joined(separator: " and "))")
    }
}
