import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTokenizers

/// A model with what it takes to bring files and sentences to it: embeds in evaluation mode, a batch at a time.
struct Embedder: Sendable {
    let model: Contrastive<ImageTextBatch>
    let tokenizer: any Tokenizer
    let recipe: Recipe

    /// Pictures a batch.
    private var size: Int { min(256, max(16, recipe.batch)) }

    /// Embeddings of sentences, `[N, D]`.
    func texts(_ texts: [String]) -> Tensor {
        let pieces = stride(from: 0, to: texts.count, by: 512).map { first in
            let tokens = tokenizer.encode(Array(texts[first..<min(texts.count, first + 512)]), length: recipe.model.text.context)
            return evaluating { model.embed("text", tokens) }
        }
        return pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 0)
    }

    /// Embeddings of picture files, `[n, D]`, and which of them: bad files are left out, counted and named in the log.
    /// - Parameter features: the encoder's output in place of the shared space's.
    /// - Throws: where more than a share of `badLimit` is bad, or all are.
    func pictures(_ paths: [String], features: Bool = false, badLimit: Double? = nil) throws -> (embeddings: Tensor, indices: [Int]) {
        let views = PictureViews(recipe.views)
        let samples = Samples(count: paths.count, named: { paths[$0] }) { index, _ in try views.evaluated(paths[index]) }
        let batches = samples.batches(
            of: size, shuffle: false, dropLast: false, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch,
            badLimit: badLimit ?? recipe.data.badShare
        ) { views.batch($0) }
        var pieces: [Tensor] = [], indices: [Int] = []
        for batch in batches.epoch(0) {
            let images = try batch.get()
            pieces.append(evaluating { features ? model.features("image", images) : model.embed("image", images) })
            indices += batch.indices
        }
        return (pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 0), indices)
    }
}
