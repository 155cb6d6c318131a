import ConcordLayers

/// `views.audio`: how a sound becomes samples.
///
/// ```yaml
/// views: {audio: {rate: 8000, seconds: 1, gain: 6, noise: 20, shift: 0.1, polarity: true}}
/// ```
public struct AudioViewSettings: Sendable {
    /// Samples a second that every file is brought to.
    public let rate: Int
    /// The longest clip that the encoder sees, in seconds; longer ones are cropped, at random in training.
    public let seconds: Double
    /// Largest change of loudness, in decibels each way; 0 for none.
    public let gain: Double
    /// How far below the clip the loudest added noise is, in decibels; half of the clips get some. 0 adds none.
    public let noise: Double
    /// Largest shift in time, in seconds each way.
    public let shift: Double
    /// Whether the polarity of half of the clips is inverted.
    public let polarity: Bool
    /// Masks of log-mel bands a clip, and the most bands that one covers.
    public let frequencyMasks, frequencyWidth: Int
    /// Masks of time a clip, and the most seconds that one covers.
    public let timeMasks: Int, timeWidth: Double

    /// The longest clip in samples.
    public var length: Int { max(1, Int((seconds * Double(rate)).rounded())) }

    init(_ fields: Fields) throws {
        rate = try fields.integer(
            "rate", default: 16000, in: 1000...384_000, "Samples a second that every file is resampled to.")
        seconds = try fields.number(
            "seconds", default: 2, in: 0.001...3600,
            "Longest clip in seconds; longer ones are cropped, at random in training.")
        gain = try fields.number(
            "gain", default: 0, in: 0...60, "Augmentation: largest change of loudness in decibels, up or down.")
        noise = try fields.number(
            "noise", default: 0, in: 0...120,
            "Augmentation: signal-to-noise ratio in decibels of the loudest added noise; 0 adds none.")
        shift = try fields.number(
            "shift", default: 0, in: 0...60, "Augmentation: largest shift in time in seconds, either way.")
        polarity = try fields.flag(
            "polarity", default: false, "Augmentation: invert the polarity of half of the clips.")
        frequencyMasks = try fields.integer(
            "frequency_masks", default: 0, in: 0...100, "Augmentation: masks of log-mel bands per clip (SpecAugment).")
        frequencyWidth = try fields.integer(
            "frequency_width", default: 8, in: 1...1024, "Most bands that a mask covers.")
        timeMasks = try fields.integer(
            "time_masks", default: 0, in: 0...100, "Augmentation: masks of time per clip (SpecAugment).")
        timeWidth = try fields.number(
            "time_width", default: 0.2, in: 0.001...60, "Most seconds that a mask covers.")
    }

    /// Masks over log-mel frames; nil for none.
    /// - Parameter hop: samples from one frame to the next.
    func specAugment(hop: Int) -> SpecAugment? {
        guard frequencyMasks + timeMasks > 0 else { return nil }
        return SpecAugment(
            frequencyMasks: frequencyMasks, frequencyWidth: frequencyWidth, timeMasks: timeMasks,
            timeWidth: max(1, Int((timeWidth * Double(rate) / Double(hop)).rounded())))
    }
}
