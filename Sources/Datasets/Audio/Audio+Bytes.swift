import CBridges
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension Audio {
    /// Reads an audio file's bytes, of any format that ``init(contentsOf:rate:window:limit:)`` reads.
    /// - Parameters:
    ///   - rate: samples a second wanted, in `Audio.rates`; the file's own where nil.
    ///   - limit: seconds that may be read.
    ///   - name: what errors call it.
    /// - Throws: `AudioError`.
    public init(
        _ bytes: [UInt8], rate: Int? = nil, limit: Double = 1800, name: String = "audio"
    ) throws(AudioError) {
        // libsndfile wants a file to seek in: one that exists in memory alone.
        let descriptor = concord_memory_file("audio")
        guard descriptor >= 0 else {
            throw .unreadable(path: name, reason: "no file in memory: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .unreadable(path: name, reason: "no room in memory: \(String(cString: strerror(errno)))")
            }
            done += count
        }
        do throws(AudioError) {
            try self.init(contentsOf: "/proc/self/fd/\(descriptor)", rate: rate, limit: limit)
        } catch { throw error.renamed(name) }
    }
}

extension AudioError {
    /// The same with another name of the file.
    fileprivate func renamed(_ name: String) -> AudioError {
        switch self {
        case .unreadable(_, let reason): .unreadable(path: name, reason: reason)
        case .notAudio(_, let found): .notAudio(path: name, found: found)
        case .damaged(_, let reason): .damaged(path: name, reason: reason)
        case .unsupported(_, let reason): .unsupported(path: name, reason: reason)
        case .noSamples: .noSamples(path: name)
        case .notFinite(_, let frame, let value): .notFinite(path: name, frame: frame, value: value)
        case .rate(_, let rate): .rate(path: name, rate: rate)
        case .tooLong(_, let seconds, let limit): .tooLong(path: name, seconds: seconds, limit: limit)
        case .outside(_, let window, let frames): .outside(path: name, window: window, frames: frames)
        case .segment(_, let segment, let seconds): .segment(path: name, segment: segment, seconds: seconds)
        case .unwritable(_, let reason): .unwritable(path: name, reason: reason)
        }
    }
}
