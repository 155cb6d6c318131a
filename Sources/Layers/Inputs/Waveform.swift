public import ConcordTensors

/// Clips of sound, one channel each, padded with zeros to one length, with how many samples of each are real.
public struct Waveform: Sendable {
    /// `[N, S]`, float32: amplitudes, in -1...1 for sound read from files; zero beyond a clip's length.
    public let samples: Tensor
    /// How many of its S samples are real, a clip each.
    public let lengths: [Int]
    /// Samples a second.
    public let rate: Int

    /// - Parameters:
    ///   - samples: `[N, S]`, float32.
    ///   - lengths: real samples of each clip, in `0...S`; all S where nil.
    ///   - rate: samples a second, above 0.
    public init(samples: Tensor, lengths: [Int]? = nil, rate: Int) {
        ShapeCheck.require(
            samples.rank == 2 && samples.elementType == .float32, "Waveform",
            "float32 [N, S] wanted, found \(samples.elementType) \(samples.shape)")
        let (count, length) = (samples.shape[0], samples.shape[1])
        let lengths = lengths ?? [Int](repeating: length, count: count)
        ShapeCheck.require(lengths.count == count, "Waveform", "\(lengths.count) lengths for samples \(samples.shape)")
        ShapeCheck.require(
            lengths.allSatisfy { (0...length).contains($0) }, "Waveform",
            "lengths \(lengths) for samples \(samples.shape)")
        ShapeCheck.require(rate > 0, "Waveform", "\(rate) samples a second")
        (self.samples, self.lengths, self.rate) = (samples, lengths, rate)
    }

    /// Clips padded with zeros behind, to the longest or to `length`.
    ///
    /// - Parameter length: samples of every row; no clip may be longer.
    public init(_ clips: [[Float]], length: Int? = nil, rate: Int) {
        let longest = clips.reduce(0) { max($0, $1.count) }
        let length = length ?? longest
        ShapeCheck.require(longest <= length, "Waveform", "a clip of \(longest) samples does not fit \(length)")
        let samples = Tensor(rows: clips, paddedTo: length)
        self.init(samples: samples, lengths: clips.map(\.count), rate: rate)
    }

    /// Number N of clips.
    public var count: Int { samples.shape[0] }
    /// Padded length S in samples.
    public var length: Int { samples.shape[1] }
}
