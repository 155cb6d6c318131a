import ConcordDatasets
import ConcordFiles
import ConcordLayers
import ConcordTensors

/// The frames of some videos as `views` makes them, before any random choice, kept in memory up to a limit.
struct VideoFrames: Sendable {
    /// Where a video's frames are.
    private enum Source: Sendable {
        case folder(FrameFolder)
        case drawn(MovingShapes, number: Int, count: Int)

        var count: Int {
            switch self {
            case .folder(let folder): folder.count
            case .drawn(_, _, let count): count
            }
        }
    }

    /// By path: the source, or why it cannot be read, and the number of its first frame among all.
    private let videos: [String: (source: Result<Source, any Error>, first: Int)]
    private let frames: Samples<Image>
    /// Of the frames that are kept.
    var filling: (@Sendable () -> CacheFilling)? { frames.filling }

    /// - Parameters:
    ///   - paths: folders of frames, or drawn videos' numbers.
    ///   - decoded: what of a frame's file is kept.
    ///   - drawn: makes what of a drawn frame is kept.
    ///   - limit: bytes of frames that are kept.
    init(
        _ paths: some Sequence<String>, _ settings: DataSettings, limit: Int,
        decoded: @escaping @Sendable (String) throws -> Image, drawn: @escaping @Sendable (Image) -> Image
    ) {
        var videos: [String: (source: Result<Source, any Error>, first: Int)] = [:], total = 0
        var places: [(source: Source, first: Int)] = []
        for path in paths where videos[path] == nil {
            let source = Result { try Self.source(path, settings) }
            videos[path] = (source, total)
            guard case .success(let found) = source else { continue }
            places.append((found, total))
            total += found.count
        }
        self.videos = videos
        let sources = places
        frames = DecodedSamples(count: total) { index in
            var low = 0, high = sources.count  // the last source that begins at or before the frame
            while high - low > 1 {
                let middle = (low + high) / 2
                if sources[middle].first <= index { low = middle } else { high = middle }
            }
            let frame = index - sources[low].first
            switch sources[low].source {
            case .folder(let folder): return try decoded(folder.path(of: frame))
            case .drawn(let shapes, let number, _): return drawn(shapes.frame(frame, of: number))
            }
        }.cached(limit: limit) { $0.byteCount }.samples
    }

    private static func source(_ path: String, _ settings: DataSettings) throws -> Source {
        guard let drawn = settings.drawn else { return .folder(try FrameFolder(path)) }
        guard let number = Int(Paths.name(of: path)), number >= 0 else {
            throw RecipeError.data(message: "\(path): the number of a drawn video wanted, as in 17")
        }
        return .drawn(drawn.videos, number: number, count: drawn.frames)
    }

    /// Number of frames of a video.
    /// - Throws: why it cannot be read.
    func count(of path: String) throws -> Int { try video(path).source.count }

    /// The frames of a range, each `step` after the one before.
    /// - Throws: for the first that cannot be read.
    func frames(_ range: Range<Int>, step: Int, of path: String) throws -> [Image] {
        let first = try video(path).first
        return try stride(from: range.lowerBound, to: range.upperBound, by: step).map {
            try frames.sample(first + $0)
        }
    }

    private func video(_ path: String) throws -> (source: Source, first: Int) {
        guard let video = videos[path] else {
            throw RecipeError.data(message: "\(path): not among the videos that were listed")
        }
        return (try video.source.get(), video.first)
    }
}

/// From videos to clips of `views.frames` frames.
struct VideoClips: Sendable {
    private let images: ImageViews
    private let settings: VideoViewSettings
    private let frames: VideoFrames

    /// - Parameters:
    ///   - paths: the videos that clips are asked of.
    ///   - isEvaluated: whether clips are for evaluation: frames are as `views` has them without random choices.
    init(_ paths: some Sequence<String>, _ recipe: Recipe, isEvaluated: Bool) throws {
        guard let settings = recipe.views.image, let video = recipe.views.video else {
            throw RecipeError.data(message: "objective \(recipe.objective.name) has no videos")
        }
        let images = ImageViews(settings)
        (self.images, self.settings) = (images, video)
        frames = VideoFrames(
            paths, recipe.data, limit: recipe.data.cacheMebibytes << 20,
            decoded: { isEvaluated ? try images.evaluated($0) : try images.decoded($0) },
            drawn: { isEvaluated ? images.evaluated($0) : images.decoded($0) })
    }

    /// Of the frames that are kept in memory.
    var filling: (@Sendable () -> CacheFilling)? { frames.filling }

    /// The frames of a video that a row is of.
    func range(_ path: String, _ segment: MediaSegment?) throws -> Range<Int> {
        let count = try frames.count(of: path)
        return try segment?.frames(of: count, path: path) ?? 0..<count
    }

    /// The clips inside a range of frames, one from each `hop`.
    func windows(_ range: Range<Int>, hop: Int = 1) -> [Range<Int>] {
        guard range.count >= settings.span else { return [] }
        return stride(from: range.lowerBound, through: range.upperBound - settings.span, by: hop).map {
            $0..<$0 + settings.span
        }
    }

    /// Clips to embed: they follow each other, and what is left at the end is in none, or the whole is shorter than
    /// a clip and is an error.
    func evaluated(_ path: String, _ segment: MediaSegment?) throws -> [[Image]] {
        let range = try range(path, segment), windows = windows(range, hop: settings.span)
        guard !windows.isEmpty else { throw tooShort(path, range) }
        return try windows.map { try clip(path, $0) }
    }

    /// The frames of a window, before any random choice.
    func clip(_ path: String, _ window: Range<Int>) throws -> [Image] {
        try frames.frames(window, step: settings.stride, of: path)
    }

    /// A training view of a clip inside the range: at a random place, all frames changed alike.
    func augmented(
        _ path: String, _ range: Range<Int>, using random: inout RandomSequence
    ) throws -> [ImageViews.View] {
        guard range.count >= settings.span else { throw tooShort(path, range) }
        let first = range.lowerBound + random.integer(below: range.count - settings.span + 1)
        let clip = try clip(path, first..<first + settings.span), start = random
        return clip.map { frame in
            random = start
            return images.augmented(frame, using: &random)
        }
    }

    private func tooShort(_ path: String, _ range: Range<Int>) -> RecipeError {
        .data(
            message: "\(path): \(Counted.text(range.count, "frame")), and a clip takes \(settings.span) (views.frames, "
                + "views.stride)")
    }

    /// Training views as one batch.
    func batch(_ clips: [[ImageViews.View]], using random: inout RandomSequence) -> Video {
        video(images.batch(clips.flatMap { $0 }, using: &random), clips.count)
    }

    /// Clips without random choices as one batch.
    func batch(_ clips: [[Image]]) -> Video { video(images.batch(clips.flatMap { $0 }), clips.count) }

    private func video(_ images: Tensor, _ count: Int) -> Video {
        Video(images.reshaped([count, settings.length] + images.shape[1...]))
    }
}
