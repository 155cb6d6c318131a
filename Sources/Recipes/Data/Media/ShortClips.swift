import ConcordDatasets
import ConcordTensors

/// How many clips of a table do not fill the window that the encoder hears.
struct ShortClips {
    /// Clips whose headers are read at most; of more, so many evenly spaced ones.
    static let limit = 20_000

    let short: Int, examined: Int, total: Int
    private let seconds: Double

    init(_ table: SampleTable, _ views: AudioViewSettings) {
        var seen: Set<String> = [], clips: [(path: String, segment: MediaSegment?)] = []
        for input in table.files where input.kind == .audio {
            for row in table.train {
                guard let part = table.part(input, of: row), let path = table.path(input, of: row),
                    seen.insert(part).inserted
                else { continue }
                clips.append((path, table.segment(input, of: row)))
            }
        }
        let count = min(clips.count, Self.limit), all = clips
        var lengths = [Int?](repeating: nil, count: count)
        lengths.withUnsafeMutableBufferPointer { lengths in
            nonisolated(unsafe) let lengths = lengths  // each is written once
            Parallel.run(count) { range in
                for place in range {
                    let clip = all[place * all.count / count]
                    guard let header = try? Audio.header(of: clip.path) else { continue }
                    let frames = try? clip.segment?.frames(of: header, at: views.rate, path: clip.path)
                    lengths[place] = frames?.count ?? header.frames(at: views.rate)
                }
            }
        }
        short = lengths.count { $0.map { $0 < views.length } ?? false }
        (examined, total, seconds) = (count, clips.count, views.seconds)
    }

    /// "12 of 30 training clips are shorter …"; nil where all fill it.
    var notice: String? {
        guard short > 0 else { return nil }
        let sample = examined < total ? ", of \(examined) examined among \(total)," : ""
        return
            "\(short) of \(examined) training clips\(sample) are shorter than the window of \(seconds) s "
                + "(views.audio.seconds) and are "
            + "zero-padded; the encoder masks the padding"
    }
}
