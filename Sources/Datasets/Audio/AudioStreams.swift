import ConcordFiles
import ConcordTensors
import Logging

/// Windows of clips that are joined end to end, in a new order each epoch: what predictive objectives train on.
///
/// ```swift
/// let digits = try FileListing("fsdd/recordings", pattern: "{digit}_{speaker}_{take}.wav").table
/// let streams = try AudioStreams(digits, stream: "speaker", window: 10240, rate: 8000)
/// let batches = streams.samples.batches(of: 32) { Waveform($0, rate: streams.rate) }
/// ```
///
/// Clips of one name make one stream. Each epoch its clips are put in an order that is a function of seed, epoch and
/// name, and cut into windows; what is left at the end is not used. So there are as many windows in every epoch, and
/// they are the same for any number of loader threads. Files are read in chunks that are kept in memory up to a limit;
/// long ones are sought in, never loaded.
public struct AudioStreams: Sendable {
    /// Samples of a window.
    public let window: Int
    /// Samples a second.
    public let rate: Int
    /// Windows in an epoch.
    public var count: Int { firstWindows[firstWindows.count - 1] }
    /// The streams' names, in the order of their first clips; those shorter than a window are left out.
    public var names: [String] { streams.map(\.name) }
    /// The clips that were left out because their headers could not be read.
    public let badClips: [BadSamples.Example]
    /// Streams that are shorter than a window and left out.
    public let shortCount: Int

    private let clips: AudioChunks
    private let streams: [AudioStream]
    /// The first window of each stream, and behind them the count of all.
    private let firstWindows: [Int]
    private let orders = EpochCache<RandomKey, [OrderedStream]>()

    /// Reads every clip's header.
    ///
    /// A clip whose header cannot be read is left out, counted and named in the log and in `badClips`. One that turns
    /// out bad when it is read makes its windows bad samples: replaced, counted and named.
    /// - Parameters:
    ///   - clips: files, and the name of the stream that each belongs to.
    ///   - segments: the part of each file that is the clip; nil for all of it.
    ///   - window: samples of a window, at `rate`.
    ///   - rate: samples a second; files of other rates are resampled.
    ///   - badLimit: the fraction of clips, in `0...1`, that may be left out; one bad clip is always let through if
    ///     there is a good one.
    ///   - cacheLimit: bytes of samples kept in memory at most; nil for a quarter of the memory that is free now.
    /// - Throws: `DatasetError.tooManyBadSamples`, `.noWindows`.
    public init(
        _ clips: [(path: String, stream: String)], segments: [MediaSegment?]? = nil, window: Int, rate: Int,
        badLimit: Double = 0.1,
        cacheLimit: Int? = nil
    ) throws(DatasetError) {
        ShapeCheck.require(
            window > 0 && Audio.rates.contains(rate), "AudioStreams", "windows of \(window) samples, \(rate) a second")
        var names: [String: Int] = [:], streams: [AudioStream] = []
        var good: [(path: String, frames: Range<Int>)] = [], bad: [BadSamples.Example] = []
        for (number, clip) in clips.enumerated() {
            do throws(AudioError) {
                let header = try Audio.header(of: clip.path)
                let frames =
                    try segments?[number]?.frames(of: header, at: rate, path: clip.path) ?? 0..<header.frames(at: rate)
                let stream = names[clip.stream] ?? streams.count
                if stream == streams.count {
                    names[clip.stream] = stream
                    streams.append(AudioStream(name: clip.stream))
                }
                streams[stream].append(clip: good.count, count: frames.count)
                good.append((clip.path, frames))
            } catch { bad.append(BadSamples.Example(name: clip.path, reason: "\(error)")) }
        }
        try Self.check(bad, of: clips.count, limit: badLimit)
        let log = Logger(label: "concord.datasets"), longest = streams.map(\.count).max() ?? 0, all = streams.count
        let short = streams.filter { $0.count < window }
        for stream in short.prefix(4) {
            log.notice("stream \(stream.name): \(stream.count) samples, fewer than a window of \(window); not used")
        }
        if short.count > 1 {
            let samples = short.reduce(0) { $0 + $1.count }
            log.notice(
                """
                \(short.count) of \(all) streams are shorter than a window of \(window) and not used: \(samples) \
                samples in all
                """
            )
        }
        streams.removeAll { $0.count < window }
        guard !streams.isEmpty else { throw .noWindows(window: window, rate: rate, longest: longest, streams: all) }
        (self.window, self.rate, self.streams, badClips) = (window, rate, streams, bad)
        shortCount = short.count
        firstWindows = streams.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count / window) }
        let free = MemoryLimit.physical?.available ?? 1 << 30
        self.clips = AudioChunks(
            good, rate: rate, chunk: max(window, AudioChunks.smallest), limit: cacheLimit ?? free / 4)
    }

    /// The sounds of a table's rows.
    ///
    /// - Parameters:
    ///   - column: the column of the files.
    ///   - stream: the column that names each one's stream; where nil, every file is a stream of its own, and every
    ///     segment.
    ///   - start: the column of the second at which a row's segment of its file starts; nil for the file's start.
    ///   - end: the column of the second at which it ends; nil for the file's end.
    public init(
        _ table: Table, path column: String = "filepath", stream: String? = nil, start: String? = nil,
        end: String? = nil, window: Int,
        rate: Int, badLimit: Double = 0.1, cacheLimit: Int? = nil
    ) throws(DatasetError) {
        try table.require(columns: [column] + [stream, start, end].compactMap { $0 })
        var clips: [(path: String, stream: String)] = [], segments: [MediaSegment?] = []
        for row in table {
            let path = row.path(column), segment = try row.segment(start: start, end: end)
            clips.append((path, stream.map { row[$0] } ?? segment.map { "\(path) \($0)" } ?? path))
            segments.append(segment)
        }
        try self.init(clips, segments: segments, window: window, rate: rate, badLimit: badLimit, cacheLimit: cacheLimit)
    }

    /// The windows, `window` samples each.
    public var samples: Samples<[Float]> {
        var samples = Samples(count: count, named: { "stream \(streams[stream(of: $0)].name), window \($0)" }) {
            index, epoch, _ in
            try window(index, epoch: epoch)
        }
        samples.filling = { clips.filling }
        return samples
    }

    /// The windows with the number of the stream that each is of, a place in `names`.
    public var numberedSamples: Samples<(samples: [Float], stream: Int)> {
        var samples = Samples<(samples: [Float], stream: Int)>(
            count: count, named: { "stream \(streams[stream(of: $0)].name), window \($0)" }
        ) { index, epoch, _ in
            (try window(index, epoch: epoch), stream(of: index))
        }
        samples.filling = { clips.filling }
        return samples
    }

    private func stream(of window: Int) -> Int { firstWindows.partitioningIndex { $0 > window } - 1 }

    private func window(_ index: Int, epoch: RandomKey) throws(AudioError) -> [Float] {
        let number = stream(of: index), start = (index - firstWindows[number]) * window
        let order = orders.value(of: epoch) { streams.map { $0.ordered(epoch) } }[number]
        var samples: [Float] = []
        samples.reserveCapacity(window)
        for part in order.clipRanges(of: start..<start + window) {
            try clips.append(part.range, of: part.clip, to: &samples)
        }
        return samples
    }

    private static func check(_ bad: [BadSamples.Example], of all: Int, limit: Double) throws(DatasetError) {
        guard let first = bad.first else { return }
        let fraction = Double(bad.count) / Double(all)
        if bad.count == all || (bad.count > 1 && fraction > limit) {
            throw .tooManyBadSamples(
                fraction: fraction, limit: limit, bad: bad.count, tried: all, examples: bad.prefix(3).map(\.reason))
        }
        let log = Logger(label: "concord.datasets")
        for example in bad.prefix(8) { log.warning("clip left out: \(example.reason)") }
        if bad.count > 8 { log.warning("\(bad.count) of \(all) clips left out in all, the first \(first.name)") }
    }
}
