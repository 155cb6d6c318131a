import ConcordDatasets
import ConcordLayers
import ConcordTensors

/// From sound files to the clips that a recipe's encoder hears, by its `views.audio`.
struct AudioClips: Sendable {
    /// What of a file is kept in memory: its samples, or for a long recording the way to read a part of it.
    enum Decoded: Sendable {
        case whole(Audio)
        /// The part that is the clip, in frames at the recipe's rate.
        case long(path: String, frames: Range<Int>)
    }

    private let settings: AudioViewSettings
    private let views: AudioViews

    init(_ settings: AudioViewSettings) {
        self.settings = settings
        var views = AudioViews()
        views.shift = Float(settings.shift)
        views.shiftProbability = settings.shift > 0 ? 1 : 0
        views.polarityProbability = settings.polarity ? 0.5 : 0
        views.noise = Float(settings.noise)...Float(settings.noise) + 30
        views.noiseProbability = settings.noise > 0 ? 0.5 : 0
        views.gain = -Float(settings.gain)...Float(settings.gain)
        views.gainProbability = settings.gain > 0 ? 1 : 0
        self.views = views
    }

    /// Files of up to this many clips' length are decoded whole; of longer ones a clip is read where it is wanted.
    private static let wholeClips = 16

    /// No file that is longer than a clip and this many seconds is decoded whole.
    private static let wholeSeconds = 1800

    /// - Parameter segment: the part of the file that is the clip; nil for all of it.
    func decoded(_ path: String, _ segment: MediaSegment?) throws -> Decoded {
        let frames = try frames(of: path, segment), count = frames.count
        let isLong = count > Self.wholeClips * settings.length && count > 10 * settings.rate
        if isLong || count > max(settings.length, Self.wholeSeconds * settings.rate) {
            return .long(path: path, frames: frames)
        }
        return .whole(try sound(path, segment, frames))
    }

    private func frames(of path: String, _ segment: MediaSegment?) throws -> Range<Int> {
        let header = try Audio.header(of: path)
        return try segment?.frames(of: header, at: settings.rate, path: path) ?? 0..<header.frames(at: settings.rate)
    }

    private func sound(_ path: String, _ segment: MediaSegment?, _ frames: Range<Int>) throws -> Audio {
        try Audio(contentsOf: path, rate: settings.rate, window: segment == nil ? nil : frames, limit: .infinity)
    }

    /// A training view: a random crop where the clip is too long, then the recipe's changes. A shorter clip stays as
    /// long as it is.
    func augmented(_ decoded: Decoded, using random: inout RandomSequence) throws -> [Float] {
        let key = random.nextKey()
        let clip: Audio
        switch decoded {
        case .whole(let sound):
            clip = sound.count > settings.length ? sound.randomCrop(to: settings.length, using: key) : sound
        case .long(let path, let frames):
            var place = key.derived("window").sequence
            let first = frames.lowerBound + place.integer(below: max(1, frames.count - settings.length))
            clip = try Audio(
                contentsOf: path, rate: settings.rate, window: first..<min(frames.upperBound, first + settings.length),
                limit: .infinity)
        }
        return views(clip, using: key).samples
    }

    /// Samples of a window and from one to the next, for embedding.
    /// - Parameter takesAnyLength: whether the model was trained on streams: then a window is ten seconds, or the
    ///   training window where that is longer.
    func window(_ windows: AudioWindowing, takesAnyLength: Bool) throws -> (length: Int, hop: Int) {
        let own = takesAnyLength ? max(settings.length, Self.streamSeconds * settings.rate) : settings.length
        guard case .separate(let seconds, let hop) = windows else { return (own, own) }
        var length = own
        if let seconds {
            guard seconds.isFinite, seconds >= 0.01, seconds <= Self.longest else {
                throw RecipeError.data(
                    message: "a window of \(seconds) s: from 0.01 to \(Int(Self.longest)) s are possible")
            }
            length = max(1, Int((seconds * Double(settings.rate)).rounded()))
        }
        guard let hop else { return (length, length) }
        let limit = Double(length) / Double(settings.rate)
        guard hop.isFinite, hop >= 0.01, hop <= limit else {
            throw RecipeError.data(message: "a hop of \(hop) s: from 0.01 s to the window's \(limit) s are possible")
        }
        return (length, max(1, min(length, Int((hop * Double(settings.rate)).rounded()))))
    }

    /// Seconds of a window of models that take any length.
    private static let streamSeconds = 10
    /// Seconds of the longest window that can be asked for: its activations are in memory at once.
    private static let longest = 60.0

    /// What is embedded of a file: all its samples, or the way to its windows where it is longer than one.
    func evaluated(_ path: String, _ segment: MediaSegment?, length: Int) throws -> Decoded {
        let frames = try frames(of: path, segment)
        if frames.count > length { return .long(path: path, frames: frames) }
        return .whole(try sound(path, segment, frames))
    }

    /// The windows of a segment, read one by one: they begin every `hop` samples, and the last one ends where the
    /// segment ends.
    func forEachWindow(
        of path: String, _ frames: Range<Int>, length: Int, hop: Int,
        _ body: (_ start: Int, _ samples: [Float]) throws -> Void
    ) throws {
        for part in Self.windows(of: frames.count, length: length, hop: hop) {
            let start = frames.lowerBound + part.lowerBound, window = start..<frames.lowerBound + part.upperBound
            try body(start, try Audio(contentsOf: path, rate: settings.rate, window: window, limit: .infinity).samples)
        }
    }

    /// Where the windows of so many samples are: every `hop` samples, and one that ends where the samples end; all of
    /// them where there are fewer than a window's.
    static func windows(of count: Int, length: Int, hop: Int) -> [Range<Int>] {
        guard count > length else { return [0..<count] }
        let last = count - length
        var starts = Array(stride(from: 0, through: last, by: hop))
        if let end = starts.last, end < last { starts.append(last) }
        return starts.map { $0..<$0 + length }
    }

    /// Clips as one padded batch.
    func batch(_ clips: [[Float]]) -> Waveform { Waveform(clips, rate: settings.rate) }
}

extension AudioClips.Decoded: ByteCounted {
    var byteCount: Int {
        switch self {
        case .whole(let sound): sound.byteCount
        case .long: 64
        }
    }
}
