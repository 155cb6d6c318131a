import ConcordFiles
import ConcordTensors

/// The clips of one stream.
struct AudioStream: Sendable {
    let name: String
    private var clips: [(number: Int, count: Int)] = []
    /// Samples of all clips.
    private(set) var count = 0

    init(name: String) { self.name = name }

    mutating func append(clip: Int, count: Int) {
        clips.append((clip, count))
        self.count += count
    }

    /// The clips in the order of an epoch.
    func ordered(_ epoch: RandomKey) -> OrderedStream {
        var random = epoch.derived("stream").derived(name).sequence
        return OrderedStream(clips.shuffled(using: &random))
    }
}

/// Clips one after the other.
struct OrderedStream: Sendable {
    private let clips: [Int]
    /// Where each clip begins in the stream, and behind them where the last one ends.
    private let starts: [Int]

    init(_ order: [(number: Int, count: Int)]) {
        clips = order.map(\.number)
        starts = order.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// The parts of clips that a part of the stream is made of.
    func clipRanges(of range: Range<Int>) -> [(clip: Int, range: Range<Int>)] {
        var ranges: [(clip: Int, range: Range<Int>)] = [], position = range.lowerBound
        var place = starts.partitioningIndex { $0 > position } - 1
        while position < range.upperBound {
            let end = min(range.upperBound, starts[place + 1])
            if end > position { ranges.append((clips[place], position - starts[place]..<end - starts[place])) }
            position = end
            place += 1
        }
        return ranges
    }
}
