public import ConcordLayers
import ConcordTensors

/// A sound of one channel: float samples and their rate, a value that nobody changes.
///
/// ```swift
/// let clip = try Audio(contentsOf: "frog.flac", rate: 16000)            // any file's rate and channels
/// let view = clip.randomCrop(to: 16000, using: key)
/// let part = try Audio(contentsOf: "night.wav", rate: 16000, window: 160_000..<176_000)
/// ```
///
/// Every operation returns a new sound and is a function of its arguments alone; random ones take a `RandomKey`.
public struct Audio: Sendable, Equatable {
    /// Amplitudes, in -1...1 where they come from files of integers.
    public let samples: [Float]
    /// Samples a second.
    public let rate: Int

    /// - Parameter rate: samples a second, in `Audio.rates`.
    public init(_ samples: [Float], rate: Int) {
        ShapeCheck.require(Self.rates.contains(rate), "Audio", "\(rate) samples a second, \(Self.rates) are possible")
        (self.samples, self.rate) = (samples, rate)
    }

    /// The rates that sounds may have: from slow sensors to bat recorders.
    public static let rates = 100...1_000_000

    /// Number of samples.
    public var count: Int { samples.count }
    /// Duration in seconds.
    public var seconds: Double { Double(count) / Double(rate) }
}

extension Audio: ByteCounted {
    /// Bytes of the samples.
    public var byteCount: Int { 4 * count }
}

extension Waveform {
    /// A batch of sounds of one rate, padded with silence behind, to the longest or to `length`.
    ///
    /// - Parameters:
    ///   - sounds: at least one.
    ///   - length: samples of every row; no sound may be longer.
    public init(_ sounds: [Audio], length: Int? = nil) {
        guard let rate = sounds.first?.rate else { ShapeCheck.fail("Waveform", "no sounds") }
        ShapeCheck.require(
            sounds.allSatisfy { $0.rate == rate }, "Waveform",
            "the sounds are not all of \(rate) samples a second; resample them")
        self.init(sounds.map(\.samples), length: length, rate: rate)
    }
}
