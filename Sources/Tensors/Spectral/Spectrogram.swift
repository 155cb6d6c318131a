/// How amounts of sound become their logarithms.
public enum AmplitudeLogarithm: Sendable, Equatable {
    /// `10 log10(max(x, 1e-10))` of energies, twice that of magnitudes; nothing more than `below` under the clip's
    /// loudest value.
    case decibels(below: Float?)
    /// `ln(x + offset)`; torchaudio has 1e-6 in its log-mel cepstra.
    case natural(offset: Float)

    fileprivate func apply(to values: UnsafeMutablePointer<Float>, count: Int, power: Float) {
        switch self {
        case .decibels:
            let scale = (power == 2 ? 10 : 20) * Float(0.43429448190325182)
            Kernels.clamp(values, to: 1e-10...(.infinity), count: count)
            Kernels.log(values, count: count)
            Kernels.scale(values, by: scale, count: count)
        case .natural(let offset):
            for i in 0..<count { values[i] += offset }
            Kernels.log(values, count: count)
        }
    }
}

/// The energies of clips' frames in bands of frequencies, and their logarithms.
///
///     y = log(|DFT(window * x)|^power filters)
package struct Spectrogram: Sendable {
    private let spectrum: Spectrum
    /// `[bins, bands]`.
    private let filters: Tensor
    private let fftSize, window, hop: Int
    private let power: Float
    private let isCentered: Bool

    /// - Parameters:
    ///   - fftSize: samples of the Fourier transform; window: of the Hann window in its middle, at most as many.
    ///   - hop: samples between the starts of frames.
    ///   - isCentered: frame t is around sample `t * hop`, the clip reflected at its ends; otherwise it begins there.
    ///   - power: 2 for energies, 1 for magnitudes.
    ///   - filters: `[fftSize / 2 + 1, bands]`, float32.
    package init(fftSize: Int, window: Int, hop: Int, isCentered: Bool, power: Float, filters: Tensor) {
        spectrum = Spectrum(fftSize: fftSize, window: window)
        ShapeCheck.require(
            filters.rank == 2 && filters.shape[0] == spectrum.bins, "Spectrogram",
            "filters \(filters.shape) for \(spectrum.bins) frequencies")
        self.fftSize = fftSize
        self.window = window
        self.hop = hop
        self.isCentered = isCentered
        self.power = power
        self.filters = filters.detached
    }

    /// Whether the transform is a product with matrices, of `fftSize * window / 2` floats, not a fast one.
    package static func needsMatrices(fftSize: Int) -> Bool { Spectrum.needsProducts(fftSize: fftSize) }

    /// - Parameters:
    ///   - samples: `[N, S]`, float32; lengths: real samples of each clip, at most S.
    ///   - counts: frames of each clip; frames: T, at least the largest of them.
    ///   - isStandardized: each band of each clip is brought to mean 0 and standard deviation 1 over its frames.
    /// - Returns: `[N, T, bands]`, a constant; zeros beyond a clip's frames.
    package func callAsFunction(
        _ samples: Tensor, lengths: [Int], counts: [Int], frames: Int, logarithm: AmplitudeLogarithm,
        isStandardized: Bool
    ) -> Tensor {
        let bands = filters.shape[1], clips = samples.shape[0], length = samples.shape[1]
        let output = Tensor(zeros: [clips, frames, bands])
        let x = samples.float32Pointer, y = output.float32Pointer, weights = filters.float32Pointer
        let blocks = FrameBlock.blocks(of: counts)
        Parallel.run(blocks.count) { range in
            let scratch = Tensor(uninitialized: [spectrum.scratchCount(of: FrameBlock.size)])
            for block in blocks[range] {
                let clip = UnsafeBufferPointer(start: x + block.clip * length, count: lengths[block.clip])
                // The window is in the middle of the transform.
                let first =
                    block.frames.lowerBound * hop + (fftSize - window) / 2 - (isCentered ? fftSize / 2 : 0)
                let energies = spectrum.energies(
                    of: clip, first: first, hop: hop, frames: block.frames.count, scratch.float32Pointer)
                let count = block.frames.count * spectrum.bins
                if power == 1 { Kernels.sqrt(energies, count: count) }
                if power != 1, power != 2 { Kernels.power(energies, power / 2, count: count) }
                let out = y + (block.clip * frames + block.frames.lowerBound) * bands
                GEMM.serial(
                    block.frames.count, bands, spectrum.bins, 1, energies, spectrum.bins, false, weights, bands,
                    false, 0, out, bands)
                logarithm.apply(to: out, count: block.frames.count * bands, power: power)
            }
        }
        Parallel.run(clips) { range in
            for n in range {
                let clip = UnsafeMutableBufferPointer(start: y + n * frames * bands, count: counts[n] * bands)
                if case .decibels(let range?) = logarithm, let loudest = clip.max() {
                    Kernels.clamp(y + n * frames * bands, to: (loudest - range)...loudest, count: clip.count)
                }
                if isStandardized { standardize(clip, bands) }
            }
        }
        return output
    }

    /// Each band of a clip's frames to mean 0 and standard deviation 1.
    private func standardize(_ clip: UnsafeMutableBufferPointer<Float>, _ bands: Int) {
        let frames = clip.count / bands
        guard frames > 0 else { return }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * bands) { sums in
            guard let base = sums.baseAddress, let x = clip.baseAddress else { return }
            let means = base, scales = base + bands
            Kernels.columnMoments(x, rows: frames, columns: bands, means: means, squares: scales)
            for m in 0..<bands { scales[m] = 1 / ((scales[m] / Double(max(1, frames - 1))).squareRoot() + 1e-5) }
            for t in 0..<frames {
                for m in 0..<bands { clip[t * bands + m] = Float((Double(clip[t * bands + m]) - means[m]) * scales[m]) }
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
