import ConcordTensors

extension Audio {
    /// Reads WAV, FLAC, OGG, MP3 and what else libsndfile knows, at any rate and number of channels; channels are
    /// averaged.
    ///
    /// May be called on several threads at once. A file that is cut short is an error where its header says how long it
    /// should be: WAV, AIFF, FLAC. Where the header leaves the length open (a recording written into a pipe, FLAC
    /// without a total, OGG without an end, MP3 without a Xing header), the sound is as long as what is there. About a
    /// damaged MP3 file the decoder also writes to standard error.
    /// - Parameters:
    ///   - rate: samples a second wanted, in `Audio.rates`; the file's own where nil.
    ///   - window: samples wanted, counted at the rate wanted. Only they are decoded, with what the resampling needs
    ///     around them: the result is the same part of the whole sound.
    ///   - limit: seconds that may be read at once; with a window, that the window may last.
    /// - Throws: `AudioError`.
    public init(
        contentsOf path: String, rate: Int? = nil, window: Range<Int>? = nil, limit: Double = 1800
    ) throws(AudioError) {
        let reader = try AudioReader(path)
        let rate = rate ?? reader.rate
        ShapeCheck.require(Self.rates.contains(rate), "Audio", "\(rate) samples a second, \(Self.rates) are possible")
        let change = Resampler(from: reader.rate, to: rate)
        if window == nil, reader.frames == nil {
            let samples = try reader.readToEnd(limit: limit)
            self.init(
                rate == reader.rate ? samples : change.resampled(samples, count: change.count(of: samples.count)),
                rate: rate)
            return
        }
        let header = try reader.header()
        let whole = 0..<change.count(of: header.frames)
        let window = window ?? whole
        let seconds = Double(window.count) / Double(rate)
        guard seconds <= limit else { throw .tooLong(path: path, seconds: seconds, limit: limit) }
        guard whole.contains(window) else { throw .outside(path: path, window: window, frames: whole.count) }
        if rate == header.rate {
            self.init(try reader.read(window), rate: rate)
        } else {
            let (range, skipped) = change.input(for: window, of: header.frames)
            self.init(change.resampled(try reader.read(range), skipped: skipped, count: window.count), rate: rate)
        }
    }
}

extension Audio {
    /// What a file says about itself.
    public struct Header: Sendable, Equatable {
        /// Samples a second, a channel.
        public let rate: Int
        /// Number of channels, at least 1.
        public let channels: Int
        /// Samples of each channel.
        public let frames: Int

        /// Duration in seconds.
        public var seconds: Double { Double(frames) / Double(rate) }

        /// Samples that the whole file has at another rate.
        public func frames(at rate: Int) -> Int { Resampler(from: self.rate, to: rate).count(of: frames) }
    }

    /// Reads a file's header; a file that does not say how long it is (a stream, most MP3 without a Xing header) is
    /// decoded to its end, once.
    ///
    /// A WAV or AIFF file that ends before its header says is found out here; other kinds are only when they are read.
    /// - Throws: `AudioError`.
    public static func header(of path: String) throws(AudioError) -> Header { try AudioReader.header(of: path) }
}
