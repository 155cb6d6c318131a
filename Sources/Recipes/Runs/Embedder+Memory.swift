import ConcordDatasets
import ConcordLayers
import ConcordTensors

extension Embedder {
    /// The evaluation view of an image file's bytes: the same as that of the file.
    func decoded(_ image: EncodedImage) throws -> Image { try imageViews().evaluated(image) }

    /// Embeddings of images in memory, `[n, D]`.
    /// - Throws: where the model has no encoder of images.
    func embed(images: [Image], _ input: RecipeInput) throws -> Tensor {
        let views = try imageViews()
        let blocks = stride(from: 0, to: images.count, by: size).map { first in
            let part = images[first..<min(images.count, first + size)].map(views.evaluated)
            return output(of: .image(views.batch(part)), input, features: false)
        }
        return blocks.count == 1 ? blocks[0] : Tensor.concatenated(blocks, axis: 0)
    }

    /// Embeddings of clips in memory, `[n, D]`; of one that is longer than a window the mean over its windows.
    /// - Throws: where the model has no encoder of audio.
    func embed(clips: [Audio], _ input: RecipeInput) throws -> Tensor {
        guard let settings = recipe.views.audio else { throw missing(.audio) }
        let views = AudioClips(settings)
        let (length, hop) = try views.window(.averaged, takesAnyLength: recipe.objective.needs.unit == .windows)
        let rows = clips.map { clip -> Tensor in
            let samples = clip.resampled(to: settings.rate).samples
            let windows = AudioClips.windows(of: samples.count, length: length, hop: hop)
            let embeddings = windows.map { window in
                let row = output(of: .audio(views.batch([Array(samples[window])])), input, features: false)
                return windows.count > 1 && model.hasSharedSpace ? row.l2Normalized() : row
            }
            guard embeddings.count > 1 else { return embeddings[0] }
            return Tensor.concatenated(embeddings, axis: 0).mean(axes: [0]).reshaped([1, -1])
        }
        return rows.count == 1 ? rows[0] : Tensor.concatenated(rows, axis: 0)
    }

    private func imageViews() throws -> ImageViews {
        guard let settings = recipe.views.image else { throw missing(.image) }
        return ImageViews(settings)
    }
}
