/// How alike two recordings are where they overlap, once the one is shifted to the other: the correlation of their
/// waveforms.
///
/// A recording that was resampled, made louder or quieter, inverted, re-encoded, or cut or padded at its ends keeps its
/// waveform; another recording of the same word by the same voice does not have it.
package struct SoundComparison: Sendable {
    /// Of the overlap's samples at 8 kHz, low pitches weakened, without regard to polarity, 0 to 1; 0 where the lengths
    /// differ by more than a fifth.
    package let correlation: Float

    /// Whether they are one recording.
    package var isNearDuplicate: Bool { correlation > 0.85 }

    package init(_ a: SoundExcerpt, _ b: SoundExcerpt) {
        let (short, long) = a.samples.count <= b.samples.count ? (a, b) : (b, a)
        guard !short.samples.isEmpty, Double(short.samples.count) >= 0.8 * Double(long.samples.count) else {
            correlation = 0
            return
        }
        let difference = long.samples.count - short.samples.count
        let rough = Set([0, difference, Self.envelopeLag(short, long) * SoundExcerpt.frame])
        correlation = rough.map { Self.best(short.emphasized, long.emphasized, around: $0) }.max() ?? 0
    }

    /// By how many frames the short one starts after the long one, by their envelopes.
    private static func envelopeLag(_ short: SoundExcerpt, _ long: SoundExcerpt) -> Int {
        let reach = max(30, long.envelope.count / 10), most = long.envelope.count - short.envelope.count
        var best = (lag: 0, value: -Float.infinity)
        for lag in -reach...most + reach {
            let value = correlation(short.envelope, long.envelope, lag: lag, within: nil)
            if value > best.value { best = (lag, value) }
        }
        return best.lag
    }

    /// The largest correlation of samples within 15 ms of a lag: found on one second in the middle, and then of all.
    private static func best(_ short: [Float], _ long: [Float], around lag: Int) -> Float {
        let middle = short.count / 2, half = min(middle, SoundExcerpt.rate / 2)
        let window = middle - half..<min(short.count, middle + half)
        var best = (lag: lag, value: Float(-1))
        for lag in lag - 120...lag + 120 {
            let value = abs(correlation(short, long, lag: lag, within: window))
            if value > best.value { best = (lag, value) }
        }
        guard best.value > 0.5 else { return best.value }
        return abs(correlation(short, long, lag: best.lag, within: nil))
    }

    /// Of `short[i]` with `long[i + lag]`; 0 where less than four fifths of the short one overlap.
    private static func correlation(_ short: [Float], _ long: [Float], lag: Int, within window: Range<Int>?) -> Float {
        let whole = window ?? 0..<short.count
        let first = max(whole.lowerBound, -lag), last = min(whole.upperBound, long.count - lag)
        guard last - first >= 4 * whole.count / 5, last > first else { return 0 }
        return short.withUnsafeBufferPointer { short in
            long.withUnsafeBufferPointer { long in
                var aa = SIMD8<Float>.zero, bb = aa, ab = aa, i = first
                guard let a = short.baseAddress, let b = long.baseAddress else { return 0 }
                while i + 8 <= last {
                    let p = ImageAlignment.lane(a + i), q = ImageAlignment.lane(b + i + lag)
                    aa += p * p
                    bb += q * q
                    ab += p * q
                    i += 8
                }
                var sums = (aa.sum(), bb.sum(), ab.sum())
                while i < last {
                    let (p, q) = (a[i], b[i + lag])
                    sums = (sums.0 + p * p, sums.1 + q * q, sums.2 + p * q)
                    i += 1
                }
                let energy = sums.0 * sums.1
                return energy > 1e-12 ? sums.2 / energy.squareRoot() : 0
            }
        }
    }
}
