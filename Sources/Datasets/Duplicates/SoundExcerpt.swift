import ConcordLayers
import ConcordTensors

/// What is compared of a recording to find its near duplicates: its first half minute at 8 kHz, without silence at the
/// ends.
package struct SoundExcerpt: Sendable {
    /// Samples a second of what is compared: what rates of 8 kHz and more have in common.
    package static let rate = 8000
    /// Seconds that are compared at most.
    package static let seconds = 30

    /// Amplitudes at 8 kHz.
    let samples: [Float]
    /// The same with low pitches weakened: `x[i] - 0.95 x[i - 1]`. Vowels of one voice are alike in their lowest pitch.
    let emphasized: [Float]
    /// Root mean squares of 10 ms each.
    let envelope: [Float]

    static let frame = 80

    package init(_ audio: Audio) {
        let limit = Self.seconds * audio.rate
        let start = audio.count > limit ? Audio(Array(audio.samples.prefix(limit)), rate: audio.rate) : audio
        let all = start.resampled(to: Self.rate).samples
        let envelope = Self.envelope(of: all)
        // 30 dB below the loudest is silence, or the noise that other files of it may have more of.
        let least = (envelope.max() ?? 0) * 0.03
        let first = envelope.firstIndex { $0 > least } ?? 0, last = envelope.lastIndex { $0 > least } ?? 0
        guard least > 0, last > first else {
            (samples, emphasized, self.envelope) = ([], [], [])
            return
        }
        let samples = Array(all[first * Self.frame..<min(all.count, (last + 1) * Self.frame)])
        emphasized = samples.indices.map { samples[$0] - ($0 > 0 ? 0.95 * samples[$0 - 1] : 0) }
        self.samples = samples
        self.envelope = Array(envelope[first...last])
    }

    private static func envelope(of samples: [Float]) -> [Float] {
        stride(from: 0, to: samples.count, by: frame).map { first in
            let part = samples[first..<min(samples.count, first + frame)]
            return (part.reduce(0) { $0 + $1 * $1 } / Float(part.count)).squareRoot()
        }
    }

    /// Elements of a descriptor.
    package static let descriptorSize = 576

    private static let front = LogMel(
        .init(
            rate: rate, fftSize: 256, hop: frame, mels: 24, frequencies: 100...3400,
            logarithm: .natural(offset: 1e-10)))

    /// A unit vector of 24 bands of pitch in 24 parts of the recording, less their mean, which loudness does not
    /// change, and less half of each band's, which all recordings of one voice have in common. Nil for silence and for
    /// less than 30 ms.
    package var descriptor: [Float]? {
        guard envelope.count >= 3 else { return nil }
        let frames = Self.front(Waveform([samples], rate: Self.rate)), bands = 24, parts = 24
        let count = frames.shape[1], values = frames.scalars
        // What is 40 dB below the loudest depends on the file's coding.
        let least = (values.max() ?? 0) - 9.2
        var result: [Float] = []
        for part in 0..<parts {
            let first = part * count / parts, last = max(first + 1, (part + 1) * count / parts)
            for band in 0..<bands {
                let sum = (first..<last).reduce(Float(0)) { $0 + max(least, values[$1 * bands + band]) }
                result.append(sum / Float(last - first))
            }
        }
        for band in 0..<bands {
            let mean = (0..<parts).reduce(0) { $0 + result[$1 * bands + band] } / Float(parts)
            for part in 0..<parts { result[part * bands + band] -= mean / 2 }
        }
        return result.unitWithoutMean(leastDeviation: 0.01)
    }
}
