import ConcordTensors

/// The windows of one recording, decoded from its start to its end: memory does not depend on how long it is.
///
/// ```swift
/// var windows = try AudioWindows("night.flac", rate: 16000, length: 32000, hop: 32000)
/// while let window = try windows.next() { print(window.start, window.samples.count) }
/// ```
///
/// Windows begin every `hop` samples. The last one ends where the recording ends, so it may overlap the one before it
/// by more than the others do: every sample is in a window and every window has the full length. A recording that is
/// not longer than a window is one window, as long as the recording. Nothing is sought in the file: kinds that can only
/// be sought in inexactly (MP3, OGG) are exact too.
public struct AudioWindows {
    /// A part of the recording.
    public struct Window: Sendable, Equatable {
        /// Where it begins, in samples at the rate of the windows.
        public let start: Int
        /// Its samples; fewer than a window only if the recording is shorter than one.
        public let samples: [Float]
    }

    private let path: String
    private let length: Int, hop: Int
    private var source: AudioSource
    /// Decoded samples from `first` on.
    private var buffer: [Float] = []
    private var first = 0
    private var nextStart = 0
    /// The end of the last window.
    private var covered = 0
    private var isAtEnd = false

    /// - Parameters:
    ///   - rate: samples a second, in `Audio.rates`; the file is resampled.
    ///   - length: samples of a window, at least 1.
    ///   - hop: samples from the start of a window to the start of the next, in `1...length`.
    /// - Throws: `AudioError` where the file is no sound.
    public init(_ path: String, rate: Int, length: Int, hop: Int) throws(AudioError) {
        ShapeCheck.require(
            length > 0 && (1...length).contains(hop) && Audio.rates.contains(rate), "AudioWindows",
            "windows of \(length) samples every \(hop), \(rate) a second")
        (self.path, self.length, self.hop) = (path, length, hop)
        source = try AudioSource(path, rate: rate)
    }

    /// The next window; nil after the last.
    /// - Throws: `AudioError` where the file is damaged; there is no window after that.
    public mutating func next() throws(AudioError) -> Window? {
        while !isAtEnd, first + buffer.count < nextStart + length {
            guard let chunk = try source.next() else {
                isAtEnd = true
                break
            }
            buffer += chunk
        }
        let end = first + buffer.count
        guard nextStart + length > end else { return window(at: nextStart) }
        guard end > covered else {
            if end == 0 { throw .noSamples(path: path) }
            return nil
        }
        return window(at: max(0, end - length))
    }

    private mutating func window(at start: Int) -> Window {
        let samples = Array(buffer[start - first..<min(buffer.count, start - first + length)])
        covered = start + samples.count
        nextStart = start + hop
        // The last window begins behind this one's start: what is before is not needed again.
        buffer.removeFirst(start - first)
        first = start
        return Window(start: start, samples: samples)
    }
}

/// A file's samples at a rate, from its start to its end in chunks.
struct AudioSource {
    private let reader: AudioReader
    private let resampler: StreamResampler?
    private var frames = 0
    private var isAtEnd = false

    /// Frames decoded at once.
    private static let chunk = 1 << 16

    init(_ path: String, rate: Int) throws(AudioError) {
        reader = try AudioReader(path)
        let own = reader.rate
        resampler = own == rate ? nil : StreamResampler(Resampler(from: own, to: rate))
    }

    /// The next samples, at least one; nil at the end.
    mutating func next() throws(AudioError) -> [Float]? {
        while !isAtEnd {
            let chunk = try reader.next(Self.chunk, after: frames)
            frames += chunk.count
            isAtEnd = chunk.count < Self.chunk
            var samples = chunk
            if let resampler {
                samples = resampler.resampled(chunk)
                if isAtEnd { samples += resampler.finished(after: frames) }
            }
            if !samples.isEmpty { return samples }
        }
        return nil
    }
}
