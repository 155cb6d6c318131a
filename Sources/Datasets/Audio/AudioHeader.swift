extension Audio {
    /// What a file says about itself.
    public struct Header: Sendable, Equatable {
        /// Samples a second, a channel.
        public let rate: Int
        public let channels: Int
        /// Samples of each channel.
        public let frames: Int

        /// Duration in seconds.
        public var seconds: Double { Double(frames) / Double(rate) }

        /// Samples that the whole file has at another rate.
        public func frames(at rate: Int) -> Int { RateChange(from: self.rate, to: rate).count(of: frames) }
    }

    /// Reads a file's header; a file that does not say how long it is (a stream, most MP3 without a Xing header) is
    /// decoded to its end, once.
    ///
    /// A WAV or AIFF file that ends before its header says is found out here; other kinds are only when they are read.
    /// - Throws: `AudioError`.
    public static func header(of path: String) throws(AudioError) -> Header { try AudioReader.header(of: path) }
}
