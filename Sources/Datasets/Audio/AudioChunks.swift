/// Clips' samples at one rate, read in chunks and kept up to a limit.
///
/// A chunk is always read by itself, so its samples are the same bits whether it was kept or is read again.
struct AudioChunks: Sendable {
    private let clips: [(path: String, frames: Range<Int>)]
    /// The first chunk of each clip.
    private let firstChunks: [Int]
    private let rate: Int, chunk: Int
    private let cache: SampleCache<[Float]>
    var filling: CacheFilling { cache.filling }

    /// Samples of a chunk at least: enough for what a resampler needs around it not to matter.
    static let smallest = 1 << 16

    /// - Parameters:
    ///   - clips: files, and the part of each that is the clip, at `rate`.
    ///   - chunk: samples of a chunk; a clip's last one is shorter.
    ///   - limit: bytes kept.
    init(_ clips: [(path: String, frames: Range<Int>)], rate: Int, chunk: Int, limit: Int) {
        (self.clips, self.rate, self.chunk) = (clips, rate, chunk)
        var first: [Int] = [], chunks = 0
        for clip in clips {
            first.append(chunks)
            chunks += (clip.frames.count + chunk - 1) / chunk
        }
        firstChunks = first
        cache = SampleCache(count: chunks, limit: limit)
    }

    /// Appends a part of a clip.
    func append(_ range: Range<Int>, of clip: Int, to samples: inout [Float]) throws(AudioError) {
        for number in range.lowerBound / chunk...max(range.lowerBound, range.upperBound - 1) / chunk {
            let all = number * chunk..<min((number + 1) * chunk, clips[clip].frames.count)
            let part = range.clamped(to: all), kept = try read(all, number: firstChunks[clip] + number, of: clip)
            samples += kept[part.lowerBound - all.lowerBound..<part.upperBound - all.lowerBound]
        }
    }

    private func read(_ range: Range<Int>, number: Int, of clip: Int) throws(AudioError) -> [Float] {
        if let kept = cache[number] { return kept }
        let start = clips[clip].frames.lowerBound, window = start + range.lowerBound..<start + range.upperBound
        let samples = try Audio(contentsOf: clips[clip].path, rate: rate, window: window, limit: .infinity).samples
        cache.insert(samples, at: number, size: 4 * samples.count)
        return samples
    }
}
