public import ConcordTensors

/// What of fixed frames, such as log-mel ones, is altered before a network has to reconstruct it: spans of time, and a
/// band of channels.
///
/// A function of each sequence's key alone. `fraction T / length` spans, rounded and at least one, at places drawn
/// without replacement, are set to zero (of 80 % of the sequences), overwritten by frames from elsewhere in the
/// sequence (10 %) or left as they are (10 %); one die is thrown for a sequence. A band of 0 to `bandFraction` of the
/// channels is set to zero throughout a sequence.
/// - Source: Liu et al. 2019, arXiv:1910.12638 (Mockingjay; no band), and Liu, Li, Lee 2020, arXiv:2007.06028 (TERA),
///   as s3prl's `mockingjay/task.py`.
public struct FrameAlteration: Sendable, Hashable {
    /// The fraction of the frames that spans would cover if they did not overlap, in `0 ... 1`.
    public let fraction: Double
    /// Frames of a span.
    public let length: Int
    /// The widest band, as a fraction of the channels, in `0 ... 1`; 0 alters none.
    public let bandFraction: Double
    /// Fractions of the sequences whose spans are set to zero, and overwritten.
    public let zeroed: Float, overwritten: Float

    /// TERA's by default; Mockingjay's with `bandFraction: 0`.
    /// - Parameters:
    ///   - fraction, bandFraction: in `0 ... 1`.
    ///   - length: frames of a span, at least 1.
    ///   - zeroed, overwritten: together at most 1.
    public init(
        fraction: Double = 0.15, length: Int = 7, bandFraction: Double = 0.2, zeroed: Float = 0.8,
        overwritten: Float = 0.1
    ) {
        ShapeCheck.require(
            (0...1).contains(fraction) && (0...1).contains(bandFraction) && length > 0 && zeroed >= 0
                && overwritten >= 0 && zeroed + overwritten <= 1, "FrameAlteration",
            "fractions \(fraction) and \(bandFraction), spans of \(length), \(zeroed) zeroed, "
                + "\(overwritten) overwritten")
        (self.fraction, self.length, self.bandFraction) = (fraction, length, bandFraction)
        (self.zeroed, self.overwritten) = (zeroed, overwritten)
    }

    /// Altered frames, `[N, T, F]`, and where the original ones have to be found: 1 or 0, of the same shape.
    /// - Parameters:
    ///   - frames: `[N, T, F]`.
    ///   - lengths: real frames of each sequence.
    ///   - keys: one for each.
    public func callAsFunction(
        _ frames: Tensor, lengths: [Int], keys: [RandomKey]
    ) -> (altered: Tensor, chosen: Tensor) {
        ShapeCheck.require(
            frames.rank == 3 && frames.shape[0] == lengths.count && keys.count == lengths.count, "FrameAlteration",
            "frames \(frames.shape), \(lengths.count) lengths, \(keys.count) keys")
        let (steps, bands) = (frames.shape[1], frames.shape[2])
        var rows = (0..<Int32(lengths.count * steps)).map { $0 }
        var kept = [Float](repeating: 1, count: frames.count), chosen = [Float](repeating: 0, count: frames.count)
        for (n, (count, key)) in zip(lengths, keys).enumerated() where count > 0 {
            let plan = plan(count, bands, key), first = n * steps
            for (frame, source) in zip(plan.frames, plan.sources) {
                rows[first + frame] = Int32(first + source)
                for band in 0..<bands {
                    let place = (first + frame) * bands + band
                    chosen[place] = 1
                    if plan.isZeroed { kept[place] = 0 }
                }
            }
            for frame in first..<first + count {
                for band in plan.band {
                    (kept[frame * bands + band], chosen[frame * bands + band]) = (0, 1)
                }
            }
        }
        let sources = frames.reshaped([-1, bands]).gathered(at: Tensor(rows, shape: [rows.count]))
        return (
            sources.reshaped(frames.shape) * Tensor(kept, shape: frames.shape), Tensor(chosen, shape: frames.shape)
        )
    }

    private struct Plan {
        /// Altered frames, and what each is read from.
        var frames: [Int] = [], sources: [Int] = []
        var isZeroed = false
        var band = 0..<0
    }

    private func plan(_ count: Int, _ bands: Int, _ key: RandomKey) -> Plan {
        var plan = Plan(), random = key.derived("alteration").sequence
        let length = min(length, max(1, count / 2)), places = max(1, count - length)
        let spans = min(places, max(1, Int((fraction * Double(count) / Double(length)).rounded())))
        func starts() -> [Int] {
            var order = Array(0..<places)
            for place in 0..<spans { order.swapAt(place, place + random.integer(below: places - place)) }
            return Array(order[..<spans])
        }
        let (targets, sources, die) = (starts(), starts(), random.uniform())
        plan.isZeroed = die < zeroed
        let isOverwritten = !plan.isZeroed && die < zeroed + overwritten
        var isTaken = [Bool](repeating: false, count: count)
        for (target, source) in zip(targets, sources) {
            for offset in 0..<length where !isTaken[target + offset] {
                isTaken[target + offset] = true
                plan.frames.append(target + offset)
                plan.sources.append(isOverwritten ? source + offset : target + offset)
            }
        }
        let width = random.integer(below: Int(bandFraction * Double(bands)) + 1)
        let start = random.integer(below: bands - width + 1)
        plan.band = start..<start + width
        return plan
    }
}
