import ConcordDatasets
import ConcordLayers
import ConcordTensors
import ConcordTokenizers

/// A table's rows as training batches: decoded and cached, augmented each epoch, collated.
struct SampleLoading: Sendable {
    private let recipe: Recipe
    private let tokenizer: (any Tokenizer)?
    private let teacher: TeacherEmbeddings?
    private let images: ImageViews?
    private let localImages: ImageViews?
    private let sounds: AudioClips?
    private var needs: DataNeeds { recipe.objective.needs }

    init(_ recipe: Recipe, tokenizer: (any Tokenizer)?, teacher: TeacherEmbeddings?) {
        self.recipe = recipe
        self.tokenizer = tokenizer
        self.teacher = teacher
        images = recipe.views.image.map(ImageViews.init)
        localImages = recipe.views.image?.local.map(ImageViews.init)
        sounds = recipe.views.audio.map { AudioClips($0) }
    }

    /// A sample before any random choice.
    private struct Decoded: Sendable {
        var images: [String: Image] = [:]
        var clips: [String: AudioClips.Decoded] = [:]
        var texts: [String: String] = [:]
        var ids: [String: Int32] = [:]
        var videos: [String: (path: String, frames: Range<Int>)] = [:]
        /// The row of the teacher's embedding.
        var teacherRow: Int32?
        /// Equal for samples that are each other's positives.
        var group: Int32 = -1
        /// The class that is learned.
        var label: Int32 = -1
        /// The number that is learned.
        var target = Float.nan

        var byteCount: Int {
            images.values.reduce(0) { $0 + $1.pixels.byteCount } + clips.values.reduce(0) { $0 + $1.byteCount }
        }
    }

    /// A sample as it goes into a batch: of each input one view, or two where they are compared.
    private struct View: Sendable {
        var images: [String: [ImageViews.View]] = [:]
        /// Smaller crops of each image.
        var local: [String: [ImageViews.View]] = [:]
        var clips: [String: [[Float]]] = [:]
        var videos: [String: [[ImageViews.View]]] = [:]
        let texts: [String: String]
        let ids: [String: Int32]
        let teacherRow: Int32?
        let group, label: Int32
        let target: Float
    }

    /// - Parameter size: samples of a batch; the recipe's where nil.
    func batches(
        of table: SampleTable, positives: Positives?, size: Int? = nil
    ) throws -> Batches<MultimodalBatch> {
        let hasGroups = positives?.hasGroups ?? false, videos = try videos(of: table)
        var decoded = try samples(of: table, positives, videos, try table.learnedClasses(recipe))
            .cached(limit: recipe.data.cacheMebibytes << 20) { $0.byteCount }
        if let videos { decoded.filling = videos.filling }  // of a video a sample has the path alone
        return
            decoded
            .augmented { sample, random in try view(of: sample, videos, using: &random) }
            .batches(
                of: size ?? recipe.batch, seed: recipe.seed, threads: recipe.loader.threads,
                prefetch: recipe.loader.prefetch,
                badLimit: recipe.data.badFraction
            ) { views, random in batch(views, videos, hasGroups: hasGroups, using: &random) }
    }

    /// The training rows' videos; nil where there are none.
    private func videos(of table: SampleTable) throws -> VideoClips? {
        let inputs = needs.inputs.filter { $0.kind == .video }
        guard !inputs.isEmpty else { return nil }
        let paths = table.train.lazy.flatMap { row in inputs.compactMap { table.path($0, of: row) } }
        return try VideoClips(paths, recipe, isEvaluated: false)
    }

    /// A sample a row; or, where the objective takes windows of videos, a sample for each window of each row.
    private func samples(
        of table: SampleTable, _ positives: Positives?, _ videos: VideoClips?, _ classes: [String: LabelClasses]
    ) throws -> DecodedSamples<Decoded> {
        let labels = needs.label.map { LearnedLabel($0, classes[$0]?.names ?? []) }
        guard needs.unit == .windows, let videos, let input = needs.inputs.first(where: { $0.kind == .video }) else {
            return table.train.samples(loading: { row in try decoded(row, of: table, positives, videos, labels) })
        }
        let windows = table.train.indices.flatMap { row -> [(row: Int, frames: Range<Int>)] in
            let place = table.train[row]
            guard let path = table.path(input, of: place),
                let frames = try? videos.range(path, table.segment(input, of: place))
            else { return [(row, 0..<0)] }  // loading it says what is wrong
            return videos.windows(frames).map { (row, $0) }
        }
        guard !windows.isEmpty else {
            throw RecipeError.data(
                message: "views.frames: none of \(Counted.text(table.train.count, "video")) has the frames of a clip; "
                    + "make clips shorter (views.frames, views.stride), or give longer videos")
        }
        return DecodedSamples(count: windows.count, named: { table.train[windows[$0].row].place }) { index in
            var sample = try decoded(table.train[windows[index].row], of: table, positives, videos, labels)
            sample.videos[input.name]?.frames = windows[index].frames
            return sample
        }
    }

    private func decoded(
        _ row: Row, of table: SampleTable, _ positives: Positives?, _ videos: VideoClips?, _ label: LearnedLabel?
    ) throws -> Decoded {
        var sample = Decoded(), parts = 0
        for input in needs.inputs {
            let name = input.name
            switch input.kind {
            case .image:
                sample.images[name] = try images.flatMap { views in try table.path(input, of: row).map(views.decoded) }
                parts += sample.images[name] == nil ? 0 : 1
            case .audio:
                sample.clips[name] = try sounds.flatMap { clips in
                    try table.path(input, of: row).map { try clips.decoded($0, table.segment(input, of: row)) }
                }
                parts += sample.clips[name] == nil ? 0 : 1
            case .text:
                sample.texts[name] = table.field(input, of: row)
                parts += sample.texts[name] == nil ? 0 : 1
            case .video:
                sample.videos[name] = try videos.flatMap { clips in
                    try table.path(input, of: row).map { ($0, try clips.range($0, table.segment(input, of: row))) }
                }
                parts += sample.videos[name] == nil ? 0 : 1
            case .id:
                sample.ids[name] = table.field(input, of: row).flatMap { table.ids[input]?.row(of: $0) }
                parts += sample.ids[name] == nil ? 0 : 1
            }
        }
        guard parts >= needs.least else {
            throw RecipeError.data(
                message: needs.least == 2
                    ? "\(row.place): a sample must have two of its inputs, this one has \(parts)"
                    : "\(row.place): a sample without its file")
        }
        sample.teacherRow = teacher?.row(of: row, in: table)
        sample.group = positives?.group(of: row, in: table) ?? -1
        sample.label = label?.number(of: row, in: table) ?? -1
        if let target = needs.target { sample.target = try table.number(target, of: row) }
        return sample
    }

    /// All first views, then all second ones, in the order of the inputs: the random choices follow each other so.
    private func view(
        of sample: Decoded, _ videos: VideoClips?, using random: inout RandomSequence
    ) throws -> View {
        var view = View(
            texts: sample.texts, ids: sample.ids, teacherRow: sample.teacherRow, group: sample.group,
            label: sample.label, target: sample.target)
        for _ in 0..<needs.views {
            for input in needs.inputs {
                if let images, let image = sample.images[input.name] {
                    view.images[input.name, default: []].append(images.augmented(image, using: &random))
                }
            }
            for input in needs.inputs {
                if let sounds, let clip = sample.clips[input.name] {
                    view.clips[input.name, default: []].append(try sounds.augmented(clip, using: &random))
                }
            }
            for input in needs.inputs {
                if let videos, let video = sample.videos[input.name] {
                    view.videos[input.name, default: []].append(
                        try videos.augmented(video.path, video.frames, using: &random))
                }
            }
        }
        for input in needs.inputs {
            guard let localImages, let image = sample.images[input.name] else { continue }
            view.local[input.name] = (0..<localCount).map { _ in localImages.augmented(image, using: &random) }
        }
        return view
    }

    private var localCount: Int { recipe.views.image?.localCrops?.count ?? 0 }

    /// Smaller crops of the samples that have the image, crop by crop; nil where there are none.
    private func localViews(
        _ name: String, of views: [View], using random: inout RandomSequence
    ) -> LocalViews<Tensor>? {
        guard let localImages else { return nil }
        let crops = views.compactMap { $0.local[name] }
        guard !crops.isEmpty else { return nil }
        let ordered = (0..<localCount).flatMap { crop in crops.map { $0[crop] } }
        return LocalViews(localImages.batch(ordered, using: &random), count: localCount)
    }

    private func batch(
        _ views: [View], _ videos: VideoClips?, hasGroups: Bool, using random: inout RandomSequence
    ) -> MultimodalBatch {
        var batch = MultimodalBatch()
        for input in needs.inputs {
            let name = input.name
            switch input.kind {
            case .image:
                guard let images else { continue }
                func batched(_ view: Int) -> Available<Tensor>? {
                    Available(of: views, { $0.images[name]?[view] }) { images.batch($0, using: &random) }
                }
                batch[image: name] = batched(0)
                if needs.views > 1 { batch[secondImage: name] = batched(1) }
                batch[localImages: name] = localViews(name, of: views, using: &random)
            case .audio:
                guard let sounds else { continue }
                func batched(_ view: Int) -> Available<Waveform>? {
                    Available(of: views, { $0.clips[name]?[view] }) { sounds.batch($0) }
                }
                batch[audio: name] = batched(0)
                if needs.views > 1 { batch[secondAudio: name] = batched(1) }
            case .text:
                guard let tokenizer, let context = recipe.model.context(of: input) else { continue }
                batch[text: name] = Available(of: views, { $0.texts[name] }) {
                    tokenizer.encode($0, length: context)
                }
            case .video:
                guard let videos else { continue }
                func batched(_ view: Int) -> Available<Video>? {
                    Available(of: views, { $0.videos[name]?[view] }) { videos.batch($0, using: &random) }
                }
                batch[video: name] = batched(0)
                if needs.views > 1 { batch[secondVideo: name] = batched(1) }
            case .id: batch[ids: name] = Available(of: views, { $0.ids[name] }) { IDs($0) }
            }
        }
        if let teacher { batch.teacher = Available(of: views, \.teacherRow) { teacher.embeddings(at: $0) } }
        if hasGroups { batch.labels = Tensor(views.map(\.group), shape: [views.count]) }
        if needs.label != nil { batch.classes = Tensor(views.map(\.label), shape: [views.count]) }
        if needs.target != nil { batch.targets = Tensor(views.map(\.target), shape: [views.count]) }
        return batch
    }
}
