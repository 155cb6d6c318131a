/// Why a sound could not be read or written: one line with the file, the reason and how to fix it.
public enum AudioError: Error, Equatable, CustomStringConvertible {
    /// The file system's refusal.
    case unreadable(path: String, reason: String)
    /// The file is empty, or its first bytes are of no known kind.
    case notAudio(path: String, found: String)
    /// The file is cut short or corrupt.
    case damaged(path: String, reason: String)
    /// A kind of sound that is not decoded here.
    case unsupported(path: String, reason: String)
    /// The file has a header and no samples.
    case noSamples(path: String)
    /// A sample that is no number, by its position in the file.
    case notFinite(path: String, frame: Int, value: Float)
    /// The header's rate is out of range.
    case rate(path: String, rate: Int)
    /// Longer than may be read at once, in seconds.
    case tooLong(path: String, seconds: Double, limit: Double)
    /// A window that is not inside the file, in frames of the requested rate.
    case outside(path: String, window: Range<Int>, frames: Int)
    /// A segment that is not inside its recording of so many seconds.
    case segment(path: String, segment: MediaSegment, seconds: Double)
    /// The file cannot be written.
    case unwritable(path: String, reason: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): MediaFault.unreadable(path, reason)
        case .notAudio(let path, let found):
            "\(path): not a sound: \(found); WAV, FLAC, OGG, MP3, AIFF, AU, CAF and others are read"
        case .damaged(let path, let reason): MediaFault.damaged(path, reason)
        case .unsupported(let path, let reason): MediaFault.unsupported(path, reason)
        case .noSamples(let path): "\(path): a sound without samples; leave it out"
        case .notFinite(let path, let frame, let value):
            """
            \(path): sample \(frame) is \(value), not a number to compute with; write the file again without it or \
            leave the file out
            """
        case .rate(let path, let rate):
            """
            \(path): \(rate) samples a second, where \(Audio.rates.lowerBound) to \(Audio.rates.upperBound) are \
            read; correct its header
            """
        case .tooLong(let path, let seconds, let limit):
            """
            \(path): \(Self.text(seconds)) s of sound, where \(Self.text(limit)) s are read at once; give a window \
            of it, or a higher limit
            """
        case .outside(let path, let window, let frames):
            "\(path): frames \(window.lowerBound) to \(window.upperBound) are not inside its \(frames)"
        case .segment(let path, let segment, let seconds):
            "the segment of \(segment) is not inside \(path), which lasts \((seconds * 1000).rounded() / 1000) s"
        case .unwritable(let path, let reason): MediaFault.unwritable(path, reason)
        }
    }

    private static func text(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}
