public import ConcordTensors

/// The random views of sounds: crop, time shift, polarity, noise, gain, each with its own probability.
///
/// ```swift
/// let views = AudioViews(length: 16000)                                 // a second at 16 kHz
/// let (a, b) = views.pair(of: sound, using: key)
/// ```
///
/// - Source: the chances of polarity, noise and gain, the gain's range and the order are those of the example of
///   torchaudio-augmentations (Spijkervet 2021, after Spijkervet, Burgoyne 2021, arXiv:2103.09410); its noise is 0.001
///   to 0.005 of the sound's standard deviation, 60 to 46 dB below it. The shift of up to 100 ms is that of
///   TensorFlow's speech commands (Warden 2018, arXiv:1804.03209). Delay, reverberation, filters and changes of pitch
///   are left out.
public struct AudioViews: Sendable, Equatable {
    /// Samples of a view; the whole sound where nil.
    public var length: Int?
    /// What comes in where a sound is shorter than that.
    public var filling: Audio.Filling
    /// Probability that a view is moved in time.
    public var shiftProbability: Float = 1
    /// Seconds that a view is moved at most, earlier or later.
    public var shift: Float = 0.1
    /// Probability of polarity inversion: every sample with its sign changed.
    public var polarityProbability: Float = 0.8
    /// Probability of white noise.
    public var noiseProbability: Float = 0.3
    /// Decibels that the noise is below the sound.
    public var noise: ClosedRange<Float> = 46...60
    /// Probability of a change of loudness.
    public var gainProbability: Float = 0.2
    /// Decibels.
    public var gain: ClosedRange<Float> = -20 ... -1

    /// - Parameters:
    ///   - length: samples of a view; nil for the whole sound.
    ///   - filling: what comes in where a sound is shorter.
    public init(length: Int? = nil, filling: Audio.Filling = .silence) {
        (self.length, self.filling) = (length, filling)
    }

    /// Crops only.
    public static func crops(_ length: Int, filling: Audio.Filling = .silence) -> AudioViews {
        var views = AudioViews(length: length, filling: filling)
        (views.shiftProbability, views.polarityProbability, views.noiseProbability, views.gainProbability) = (
            0, 0, 0, 0
        )
        return views
    }

    /// One view.
    /// - Returns: `length` samples where one is given; the same for the same key.
    public func callAsFunction(_ sound: Audio, using key: RandomKey) -> Audio {
        var view = length.map { sound.randomCrop(to: $0, filling: filling, using: key) } ?? sound
        var random = key.derived("sound views").sequence
        // Every draw is made whether or not it is used, so that one probability's change leaves the other choices
        // alone.
        let offset = Int((random.uniform(in: -shift...shift) * Float(sound.rate)).rounded())
        let gain = random.uniform(in: gain), noise = random.uniform(in: noise)
        if random.bernoulli(shiftProbability) { view = view.shifted(by: offset) }
        if random.bernoulli(polarityProbability) { view = view.inverted() }
        if random.bernoulli(noiseProbability) { view = view.withNoise(decibelsBelow: noise, using: key) }
        if random.bernoulli(gainProbability) { view = view.amplified(byDecibels: gain) }
        return view
    }

    /// Two views of one sound, independent of each other.
    public func pair(of sound: Audio, using key: RandomKey) -> (Audio, Audio) {
        (self(sound, using: key.derived("view", 0)), self(sound, using: key.derived("view", 1)))
    }
}
