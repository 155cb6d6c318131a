public import ConcordTensors

/// Which frames of sequences are masked: spans of equal length at random places, which may overlap.
///
/// A function of each sequence's key alone. A sequence of T frames has `max(least, floor(fraction T / length + U))`
/// spans, U uniform in 0 ..< 1, whose starts are drawn without replacement from the first `T - length` frames, so that
/// the last frame is never masked. Short sequences have fewer and shorter ones; of those with fewer than 3 frames none
/// is masked.
/// - Source: Baevski et al. 2020, arXiv:2006.11477, section 3.1, as fairseq's `compute_mask_indices`. Deviation: masks
///   are not thinned to the smallest number of masked frames in the batch.
public struct SpanMasking: Sendable, Hashable {
    /// The fraction of the frames that spans would cover if they did not overlap, in `0 ... 1`.
    public let fraction: Double
    /// Frames of a span, and the fewest spans of a sequence.
    public let length: Int, least: Int

    /// The paper's by default: 0.65 in spans of 10, which cover about half of the frames.
    /// - Parameters:
    ///   - fraction: in `0 ... 1`.
    ///   - length: frames of a span, at least 1.
    ///   - least: the fewest spans of a sequence.
    public init(fraction: Double = 0.65, length: Int = 10, least: Int = 2) {
        ShapeCheck.require(
            (0...1).contains(fraction) && length > 0 && least >= 0, "SpanMasking",
            "fraction \(fraction), spans of \(length), \(least) at least")
        (self.fraction, self.length, self.least) = (fraction, length, least)
    }

    /// The masked frames of sequences, ascending.
    /// - Parameters:
    ///   - lengths: frames T of each.
    ///   - keys: one for each.
    public func callAsFunction(lengths: [Int], keys: [RandomKey]) -> [[Int]] {
        zip(lengths, keys).map { frames, key in masked(frames, key) }
    }

    private func masked(_ frames: Int, _ key: RandomKey) -> [Int] {
        guard frames > 2 else { return [] }
        var random = key.derived("spans").sequence
        let wanted = Int(fraction * Double(frames) / Double(length) + Double(random.uniform()))
        let count = min(frames - 2, max(least, wanted)), length = min(length, frames - count - 1)
        var starts = Array(0..<frames - length), isMasked = [Bool](repeating: false, count: frames)
        for place in 0..<count {
            starts.swapAt(place, place + random.integer(below: starts.count - place))
            for frame in starts[place]..<starts[place] + length { isMasked[frame] = true }
        }
        return (0..<frames).filter { isMasked[$0] }
    }
}
