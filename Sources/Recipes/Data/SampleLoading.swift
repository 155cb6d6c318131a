import ConcordDatasets
import ConcordLayers
import ConcordTensors
import ConcordTokenizers

/// A table's rows as training batches: decoded and kept, varied anew each epoch, put together.
struct SampleLoading: Sendable {
    private let recipe: Recipe
    private let tokenizer: (any Tokenizer)?
    private let images: ImageViews?
    private let sounds: AudioClips?
    private var needs: DataNeeds { recipe.objective.needs }

    init(_ recipe: Recipe, tokenizer: (any Tokenizer)?) {
        self.recipe = recipe
        self.tokenizer = tokenizer
        images = recipe.views.image.map(ImageViews.init)
        sounds = recipe.views.audio.map { AudioClips($0) }
    }

    /// A sample before any random choice.
    private struct Decoded: Sendable {
        let image: Image?
        let sound: AudioClips.Decoded?
        let text: String?
        /// Equal for samples that are each other's positives.
        let group: Int32

        var byteCount: Int { (image?.pixels.byteCount ?? 0) + (sound?.byteCount ?? 0) }
    }

    /// A sample as it goes into a batch.
    private struct View: Sendable {
        let image: ImageViews.View?
        let sound: [Float]?
        /// Where two views are compared.
        let secondImage: ImageViews.View?
        let secondSound: [Float]?
        let text: String?
        let group: Int32
    }

    func batches(of table: SampleTable, positives: Positives?) -> Batches<MultimodalBatch> {
        let hasGroups = positives?.hasGroups ?? false
        return table.train.samples(loading: { row in try decoded(row, of: table, positives) })
            .cached(limit: recipe.data.cacheMebibytes << 20) { $0.byteCount }
            .augmented { sample, random in try view(of: sample, using: &random) }
            .batches(
                of: recipe.batch, seed: recipe.seed, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch,
                badLimit: recipe.data.badShare
            ) { views, random in batch(views, hasGroups: hasGroups, using: &random) }
    }

    private func decoded(_ row: Row, of table: SampleTable, _ positives: Positives?) throws -> Decoded {
        let image = try images.flatMap { views in try table.path(.image, of: row).map(views.decoded) }
        let sound = try sounds.flatMap { clips in
            try table.path(.audio, of: row).map { try clips.decoded($0, table.segment(of: row)) }
        }
        let text = table.hasText(row) ? table.text(of: row) : nil
        let parts = (image == nil ? 0 : 1) + (sound == nil ? 0 : 1) + (text == nil ? 0 : 1)
        guard parts >= needs.least else {
            throw RecipeError.data(
                message: needs.least == 2
                    ? "\(row.place): a sample must have two of its modalities, this one has \(parts)"
                    : "\(row.place): a sample without its file")
        }
        return Decoded(image: image, sound: sound, text: text, group: positives?.group(of: row, in: table) ?? -1)
    }

    private func view(of sample: Decoded, using random: inout RandomSequence) throws -> View {
        func imageView() -> ImageViews.View? {
            sample.image.flatMap { image in images.map { $0.augmented(image, using: &random) } }
        }
        func clip() throws -> [Float]? {
            try sample.sound.flatMap { sound in try sounds.map { try $0.augmented(sound, using: &random) } }
        }
        let image = imageView(), sound = try clip(), isPaired = needs.views > 1
        return View(
            image: image, sound: sound, secondImage: isPaired ? imageView() : nil,
            secondSound: isPaired ? try clip() : nil, text: sample.text,
            group: sample.group)
    }

    private func batch(_ views: [View], hasGroups: Bool, using random: inout RandomSequence) -> MultimodalBatch {
        var batch = MultimodalBatch()
        if let images {
            batch.image = Available(of: views, \.image) { images.batch($0, using: &random) }
            if needs.views > 1 {
                batch.secondImage = Available(of: views, \.secondImage) { images.batch($0, using: &random) }
            }
        }
        if let sounds {
            batch.audio = Available(of: views, \.sound) { sounds.batch($0) }
            if needs.views > 1 { batch.secondAudio = Available(of: views, \.secondSound) { sounds.batch($0) } }
        }
        if let tokenizer, let text = recipe.model.text {
            batch.text = Available(of: views, \.text) { tokenizer.encode($0, length: text.context) }
        }
        if hasGroups { batch.labels = Tensor(views.map(\.group), shape: [views.count]) }
        return batch
    }
}
