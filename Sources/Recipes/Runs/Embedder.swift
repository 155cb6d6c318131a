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

    /// Files a batch at most.
    var size: Int { min(256, max(16, recipe.batch)) }

    /// Embeddings of sentences, `[N, D]`.
    /// - Throws: where the model reads no text.
    func texts(_ texts: [String], features: Bool = false, progress: (_ done: Int) -> Void = { _ in }) throws -> Tensor {
        guard let tokenizer, let tower = recipe.model.text else { throw missing(.text) }
        let blocks = stride(from: 0, to: texts.count, by: 512).map { first in
            let end = min(texts.count, first + 512)
            let tokens = tokenizer.encode(Array(texts[first..<end]), length: tower.context)
            defer { progress(end) }
            return evaluating { features ? model.features(.text(tokens)) : model.embed(.text(tokens)) }
        }
        return blocks.count == 1 ? blocks[0] : Tensor.concatenated(blocks, axis: 0)
    }

    /// Embeddings of image or audio files, one row a file `[n, D]`, and which of the files they are.
    ///
    /// Unreadable files are left out, counted, and named in the log; of a recording longer than a window the mean over
    /// its windows is taken.
    /// - Parameter features: the encoder's output in place of the shared space's.
    /// - Throws: where more than a share of `badLimit` is bad, all are, or the model has no tower for them.
    func files(
        _ paths: [String], _ modality: Modality, features: Bool = false, badLimit: Double? = nil
    ) throws -> (embeddings: Tensor, indices: [Int]) {
        let files = try embed(paths, modality, features: features, badLimit: badLimit ?? recipe.data.badShare)
        return (files.embeddings, files.entries.map(\.file))
    }

    func missing(_ modality: Modality) -> RecipeError {
        let known = Modality.allCases.filter(model.modalities.contains).map(\.rawValue)
        return .data(
            message: "the run has no \(modality.rawValue) tower; it embeds \(known.joined(separator: " and "))")
    }
}
