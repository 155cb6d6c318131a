import CKernels
public import ConcordTensors

/// Log-mel frames of waveforms: how much sound there is in each band of pitch, frame by frame.
///
///     y = log(|DFT(window * x)|^power filters)
///
/// ```swift
/// let front = LogMel(.init(rate: 16000, hop: 160, mels: 80))            // frames 10 ms apart
/// let frames = front(waveform)                                          // [N, T, 80]
/// ```
///
/// A clip's frames are what they would be without the padding behind it, and zero beyond its end. There is nothing to
/// learn here and no gradient to the samples: the result is a constant to every tape.
///
/// - Source: the defaults and the arithmetic are torchaudio's `MelSpectrogram` and `AmplitudeToDB`. Where a clip is
///   shorter than half a window, which torchaudio refuses, it is reflected more than once; `decibels(below:)` looks for
///   the loudest value in the clip, where torchaudio looks in the batch.
public final class LogMel: Module {
    /// The settings.
    public let configuration: Configuration
    private let spectrum: Spectrum
    /// `[bins, mels]`.
    private let filters: Tensor

    /// - Precondition: the configuration's sizes are possible.
    public init(_ configuration: Configuration = Configuration()) {
        let c = configuration
        func require(_ condition: Bool, _ message: @autoclosure () -> String) {
            ShapeCheck.require(condition, "LogMel", message())
        }
        require(c.rate > 0 && c.hop > 0 && c.mels > 0, "rate \(c.rate), hop \(c.hop), \(c.mels) mels")
        require(
            c.window > 1 && c.window <= c.fftSize, "a window of \(c.window) samples in a transform of \(c.fftSize)")
        require(c.frequencies.lowerBound >= 0, "frequencies \(c.frequencies)")
        self.configuration = c
        spectrum = Spectrum(fftSize: c.fftSize, window: c.window)
        filters = Tensor(
            c.scale.filters(
                c.mels, bins: spectrum.bins, top: Double(c.rate / 2), range: c.frequencies,
                isSlaneyNormalized: c.isSlaneyNormalized),
            shape: [spectrum.bins, c.mels])
    }

    /// Size of a frame.
    public var outputDimension: Int { configuration.mels }

    /// Frames of a clip of `samples` samples.
    public func frameCount(of samples: Int) -> Int { configuration.frameCount(of: samples) }

    /// - Parameter waveform: N clips at the configuration's rate.
    /// - Returns: `[N, T, mels]`, T = `frameCount(of: waveform.length)`.
    public func callAsFunction(_ waveform: Waveform) -> Tensor {
        let c = configuration
        ShapeCheck.require(waveform.rate == c.rate, "LogMel", "\(waveform.rate) samples a second, \(c.rate) wanted")
        let frames = frameCount(of: waveform.length), counts = waveform.lengths.map(frameCount(of:))
        let output = Tensor(zeros: [waveform.count, frames, c.mels]), samples = waveform.samples
        let blocks = FrameBlock.blocks(of: counts)
        Parallel.run(blocks.count) { range in
            let scratch = Tensor(uninitialized: [spectrum.scratchCount(of: FrameBlock.size)])
            for block in blocks[range] {
                let clip = UnsafeBufferPointer(
                    start: samples.float32Pointer + block.clip * waveform.length, count: waveform.lengths[block.clip])
                // The window is in the middle of the transform.
                let first =
                    block.frames.lowerBound * c.hop + (c.fftSize - c.window) / 2
                    - (c.isCentered ? c.fftSize / 2 : 0)
                let energies = spectrum.energies(
                    of: clip, first: first, hop: c.hop, frames: block.frames.count, scratch.float32Pointer)
                let bins = block.frames.count * spectrum.bins
                if c.power == 1 { concord_sqrt(energies, energies, bins) }
                if c.power != 1, c.power != 2 { concord_power(energies, energies, c.power / 2, bins) }
                let out = output.float32Pointer + (block.clip * frames + block.frames.lowerBound) * c.mels
                GEMM.serial(
                    block.frames.count, c.mels, spectrum.bins, 1, energies, spectrum.bins, false,
                    filters.float32Pointer,
                    c.mels, false, 0, out,
                    c.mels)
                c.logarithm.apply(to: out, count: block.frames.count * c.mels, power: c.power)
            }
        }
        Parallel.run(waveform.count) { range in
            for n in range {
                let clip = UnsafeMutableBufferPointer(
                    start: output.float32Pointer + n * frames * c.mels, count: counts[n] * c.mels)
                if case .decibels(let range?) = c.logarithm, let loudest = clip.max() {
                    concord_clamp(
                        output.float32Pointer + n * frames * c.mels, output.float32Pointer + n * frames * c.mels,
                        loudest - range,
                        loudest, clip.count)
                }
                if c.isStandardized { standardize(clip) }
            }
        }
        return output
    }

    /// Each band of a clip's frames to mean 0 and standard deviation 1.
    private func standardize(_ clip: UnsafeMutableBufferPointer<Float>) {
        let mels = configuration.mels, frames = clip.count / mels
        guard frames > 0 else { return }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * mels) { sums in
            sums.initialize(repeating: 0)
            let means = UnsafeMutableBufferPointer(rebasing: sums[..<mels]),
                scales = UnsafeMutableBufferPointer(rebasing: sums[mels...])
            for t in 0..<frames { for m in 0..<mels { means[m] += Double(clip[t * mels + m]) } }
            for m in 0..<mels { means[m] /= Double(frames) }
            for t in 0..<frames {
                for m in 0..<mels {
                    let d = Double(clip[t * mels + m]) - means[m]
                    scales[m] += d * d
                }
            }
            for m in 0..<mels { scales[m] = 1 / ((scales[m] / Double(max(1, frames - 1))).squareRoot() + 1e-5) }
            for t in 0..<frames {
                for m in 0..<mels { clip[t * mels + m] = Float((Double(clip[t * mels + m]) - means[m]) * scales[m]) }
            }
        }
    }
}

/// Neighboring frames of one clip, worked on together; where they are cut does not depend on the number of threads.
private struct FrameBlock {
    let clip: Int
    let frames: Range<Int>

    static let size = 64

    static func blocks(of counts: [Int]) -> [FrameBlock] {
        counts.enumerated().flatMap { clip, count in
            stride(from: 0, to: count, by: size).map { FrameBlock(clip: clip, frames: $0..<min(count, $0 + size)) }
        }
    }
}
