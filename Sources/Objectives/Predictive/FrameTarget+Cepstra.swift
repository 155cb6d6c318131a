public import ConcordLayers
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension FrameTarget where Input == Waveform {
    /// Cepstra of log-mel frames with their first and second differences: 39 numbers, the shape of the spectrum and how
    /// it changes.
    ///
    /// - Parameters:
    ///   - rate: samples a second.
    ///   - hop: samples between frames; those of a window are the larger of 25 ms and a hop.
    ///   - count: cepstra of a frame, below 40; the frame has three times as many numbers.
    /// - Source: Davis, Mermelstein 1980 (orthonormal cosines of the logarithms, as torchaudio's `MFCC`); differences
    ///   over two frames each way, edges repeated, as its `compute_deltas`. Each clip's log-mel bands are standardized
    ///   first.
    public static func cepstra(rate: Int, hop: Int, count: Int = 13) -> FrameTarget {
        let mels = 40
        ShapeCheck.require((1...mels).contains(count), "cepstra", "\(count) of \(mels) bands")
        let front = LogMel(
            .init(
                rate: rate, fftSize: max(rate / 40, hop), hop: hop, mels: mels, logarithm: .natural(offset: 1e-6),
                isStandardized: true))
        let cosines = (0..<mels * count).map { place -> Float in
            let (band, order) = (Double(place / count), Double(place % count))
            let scale = (order == 0 ? 1 / Double(mels) : 2 / Double(mels)).squareRoot()
            return Float(scale * cos(.pi / Double(mels) * (band + 0.5) * order))
        }
        let transform = Tensor(cosines, shape: [mels, count])
        return FrameTarget(dimension: 3 * count) { waveform in
            let cepstra = front(waveform).matmul(transform), first = cepstra.differences
            return .concatenated([cepstra, first, first.differences], axis: 2)
        }
    }
}

extension Tensor {
    /// Of `[N, T, C]`: `sum over n = 1, 2 of n (x_(t + n) - x_(t - n)) / 10`, edges repeated.
    fileprivate var differences: Tensor {
        let steps = shape[1]
        guard steps > 0 else { return self }
        func moved(_ offset: Int) -> Tensor {
            let places = (0..<steps).map { Int32(Swift.min(Swift.max($0 + offset, 0), steps - 1)) }
            return gathered(at: Tensor(places, shape: [steps]), axis: 1)
        }
        return (moved(1) - moved(-1) + (moved(2) - moved(-2)) * 2) / 10
    }
}
