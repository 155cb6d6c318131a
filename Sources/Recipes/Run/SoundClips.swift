import ConcordDatasets
import ConcordLayers
import ConcordTensors

/// From sound files to the clips that a recipe's encoder hears, by its `views.audio`.
struct SoundClips: Sendable {
    /// What of a file is kept in memory: its samples, or for a long recording the way to read a part of it.
    enum Decoded: Sendable {
        case whole(Sound)
        /// Frames at the recipe's rate.
        case long(path: String, frames: Int)
    }

    private let settings: AudioViewSettings
    private let views: SoundViews

    init(_ settings: AudioViewSettings) {
        self.settings = settings
        var views = SoundViews()
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

    func decoded(_ path: String) throws -> Decoded {
        let frames = try Sound.header(of: path).frames(at: settings.rate)
        if frames > Self.wholeClips * settings.length, frames > 10 * settings.rate { return .long(path: path, frames: frames) }
        return .whole(try Sound(contentsOf: path, rate: settings.rate))
    }

    /// A training view: a random crop where the clip is too long, then the recipe's changes. A shorter clip stays as long as it is.
    func augmented(_ decoded: Decoded, using random: inout RandomSequence) throws -> [Float] {
        let key = random.nextKey()
        let clip: Sound
        switch decoded {
        case .whole(let sound): clip = sound.count > settings.length ? sound.randomCrop(to: settings.length, using: key) : sound
        case .long(let path, let frames):
            var place = key.derived("window").sequence
            let first = place.integer(below: max(1, frames - settings.length))
            clip = try Sound(contentsOf: path, rate: settings.rate, window: first..<min(frames, first + settings.length))
        }
        return views(clip, using: key).samples
    }

    /// The evaluation view of a file: its middle, or all of it (up to ten minutes) where the model takes any length.
    func evaluated(_ path: String, whole: Bool) throws -> [Float] {
        let frames = try Sound.header(of: path).frames(at: settings.rate)
        let limit = whole ? 600 * settings.rate : settings.length
        guard frames > limit else { return try Sound(contentsOf: path, rate: settings.rate).samples }
        let first = (frames - limit) / 2
        return try Sound(contentsOf: path, rate: settings.rate, window: first..<first + limit).samples
    }

    /// Clips as one padded batch.
    func batch(_ clips: [[Float]]) -> Waveform { Waveform(clips, rate: settings.rate) }
}

extension SoundClips.Decoded: ByteCounted {
    var byteCount: Int {
        switch self {
        case .whole(let sound): sound.byteCount
        case .long: 64
        }
    }
}
