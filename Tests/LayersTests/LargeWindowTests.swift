import ConcordLayers
import ConcordTensors
import Foundation
import TestSupport
import Testing

/// Spectra of large windows, which a fast Fourier transform computes.
@Suite struct LargeWindowTests {
    /// Mel energies by the definition, in double precision, of the frame that begins at `start`.
    private func energies(_ samples: [Float], at start: Int, _ c: LogMel.Configuration) -> [Double] {
        let n = c.fftSize, bins = n / 2 + 1, offset = (n - c.window) / 2
        let cosines = (0..<n).map { cos(2 * Double.pi * Double($0) / Double(n)) },
            sines = (0..<n).map { sin(2 * Double.pi * Double($0) / Double(n)) }
        let frame = (0..<c.window).map { place in
            Double(samples[start + offset + place])
                * (0.5 - 0.5 * cos(2 * Double.pi * Double(place) / Double(c.window)))
        }
        let spectrum = (0..<bins).map { bin -> Double in
            var real = 0.0, imaginary = 0.0
            for (place, value) in frame.enumerated() {
                real += value * cosines[place * bin % n]
                imaginary += value * sines[place * bin % n]
            }
            return real * real + imaginary * imaginary
        }
        func hertz(_ mels: Double) -> Double { 700 * (pow(10, mels / 2595) - 1) }
        let top = 2595 * log10(1 + Double(c.rate / 2) / 700)
        let corners = (0..<c.mels + 2).map { hertz(top * Double($0) / Double(c.mels + 1)) }
        return (0..<c.mels).map { m in
            spectrum.enumerated().reduce(0) { sum, point in
                let frequency = Double(c.rate / 2) * Double(point.offset) / Double(bins - 1)
                let rise = (frequency - corners[m]) / (corners[m + 1] - corners[m])
                let fall = (corners[m + 2] - frequency) / (corners[m + 2] - corners[m + 1])
                return sum + point.element * max(0, min(rise, fall))
            }
        }
    }

    /// Sizes with the factors 2, 3, 5, 7 and 11; an odd one; one with a large prime factor, which is no fast transform;
    /// a window in a larger transform.
    @Test(arguments: [
        (1026, 1026), (2048, 2048), (2205, 2205), (3080, 3080), (2187, 2187), (4096, 4096), (8192, 8192), (2062, 2062),
        (4096, 3001),
    ])
    func theyEqualTheDefinition(fftSize: Int, window: Int) {
        let c = LogMel.Configuration(
            rate: 48000, fftSize: fftSize, window: window, hop: 700, mels: 40, isCentered: false,
            logarithm: .natural(offset: 1e-9))
        let count = fftSize + 700 * 18
        let samples = zip(hashed("large.\(fftSize)", [count], scale: 0.1).scalars, 0...).map { noise, place in
            noise + Float(0.5 * Foundation.sin(Double(place) * 0.3))
        }
        let frames = LogMel(c)(Waveform([samples], rate: 48000))
        #expect(frames.shape == [1, 19, 40])
        // The first frame, the last of sixteen that are worked on together, and one of the three after them.
        for t in [0, 15, 17] {
            let wanted = energies(samples, at: 700 * t, c)
            let found = frames.scalars[t * 40..<(t + 1) * 40].map { Foundation.exp(Double($0)) - 1e-9 }
            for (a, b) in zip(found, wanted) { #expect(abs(a - b) <= 1e-5 * b, "\(fftSize) frame \(t): \(a), \(b)") }
        }
    }

    @Test func aClipsEndsAreReflectedAndClipsDoNotMix() {
        let front = LogMel(.init(rate: 16000, fftSize: 2048, hop: 512, mels: 20))
        let noise = hashed("reflected", [5000], scale: 0.3).scalars
        // what precedes the first sample of a centered clip
        let mirrored = Array(noise[1...1024].reversed()) + noise
        let centered = front(Waveform([noise], rate: 16000))
        let plain = LogMel(.init(rate: 16000, fftSize: 2048, hop: 512, mels: 20, isCentered: false))(
            Waveform([mirrored], rate: 16000))
        #expect(centered.sliced(0..<1, axis: 1).scalars == plain.sliced(0..<1, axis: 1).scalars)
        let silence = [Float](repeating: 0, count: 5000)
        let batch = front(Waveform([noise, silence], rate: 16000))
        #expect(batch.sliced(0..<1, axis: 0).scalars == centered.scalars)
        #expect(batch.sliced(1..<2, axis: 0).scalars.allSatisfy { abs($0 + 100) < 1e-3 })
    }

    @Test func bandsThatNoFrequencyFallsIntoAreCounted() {
        #expect(LogMel.Configuration(rate: 8000, fftSize: 256, mels: 256).emptyBandCount == 59)
        #expect(LogMel.Configuration(rate: 16000, fftSize: 400, mels: 40).emptyBandCount == 0)
        for mels in [20, 80, 128, 256] {
            let c = LogMel.Configuration(rate: 16000, fftSize: 400, mels: mels, logarithm: .natural(offset: 1e-6))
            let noise = hashed("bands", [4000], scale: 0.5).scalars,
                frames = LogMel(c)(Waveform([noise], rate: 16000)).scalars
            let silent = (0..<mels).count { band in
                stride(from: band, to: frames.count, by: mels).allSatisfy { frames[$0] < log(1.1e-6) }
            }
            #expect(c.emptyBandCount == silent, "\(mels)")
        }
    }
}
