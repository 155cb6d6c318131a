#if canImport(Glibc)
    import Glibc
#endif

/// The energies of windowed frames' Fourier transforms: of up to 1024 samples by two products with cosines and sines,
/// of more by a fast Fourier transform.
///
/// Of the products: energies do not depend on where a frame's time begins, so it begins in the middle of the window:
/// there the window is even, sums of samples on its two sides meet cosines only and differences sines only, and the
/// products are half as large.
struct Spectrum: Sendable {
    /// Frequencies from 0 to half the rate: `fftSize / 2 + 1`.
    let bins: Int
    private let window: Int
    /// `[sums, bins]` and `[differences, bins]`, the Hann window in them.
    private let cosines: Tensor, sines: Tensor
    private let plan: FourierPlan?
    /// The Hann window, for the fast transform.
    private let weights: [Float]

    /// Samples above which the products cost more than a fast transform by far.
    private static let largestProduct = 1024

    /// Whether the transform is a product with matrices, of `fftSize * window / 2` floats.
    static func needsProducts(fftSize: Int) -> Bool { fftSize <= largestProduct || FourierPlan(fftSize) == nil }

    init(fftSize: Int, window: Int) {
        let bins = fftSize / 2 + 1
        (self.bins, self.window) = (bins, window)
        plan = fftSize <= Self.largestProduct ? nil : FourierPlan(fftSize)
        guard plan == nil else {
            weights = (0..<window).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(window))) }
            (cosines, sines) = (Tensor(zeros: [1]), Tensor(zeros: [1]))
            return
        }
        weights = []
        // Row p - 1 is of the samples p and window - p; the window is 0 at sample 0, and an even one has a middle of
        // its own.
        func matrix(_ rows: Int, _ wave: (Double) -> Double) -> Tensor {
            var scalars: [Float] = []
            for p in 1...max(1, rows) {
                let weight = 0.5 - 0.5 * cos(2 * Double.pi * Double(p) / Double(window))
                for bin in 0..<bins {
                    // Twice the time from the middle, so that it is whole; reduced, so that the angle is exact.
                    let phase = bin * (window - 2 * p) % (2 * fftSize)
                    scalars.append(Float(weight * wave(Double.pi * Double(phase) / Double(fftSize))))
                }
            }
            return Tensor(scalars, shape: [max(1, rows), bins])
        }
        cosines = matrix(window / 2) { cos($0) }
        sines = matrix((window - 1) / 2) { sin($0) }
    }

    private var sums: Int { window / 2 }
    private var differences: Int { (window - 1) / 2 }

    /// Floats that frames need while they are worked on together.
    func scratchCount(of frames: Int) -> Int {
        if let plan { return frames * bins + plan.scratchCount }
        return frames * (sums + differences + 2 * bins)
    }

    /// Energies of frames of a clip.
    /// - Parameters:
    ///   - first: the sample that the first frame's window begins at; beyond its ends the clip is reflected.
    ///   - scratch: `scratchCount(of: frames)` floats.
    /// - Returns: `[frames, bins]` in `scratch`.
    func energies(
        of clip: UnsafeBufferPointer<Float>, first: Int, hop: Int, frames: Int, _ scratch: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        if let plan {
            transform(plan, clip, first: first, hop: hop, frames: frames, scratch)
            return scratch
        }
        let even = scratch, odd = even + frames * sums
        let real = odd + frames * differences, imaginary = real + frames * bins
        for t in 0..<frames {
            let start = first + t * hop
            if start >= 0, start + window <= clip.count, let base = clip.baseAddress {
                fold({ base[start + $0] }, even + t * sums, odd + t * differences)
            } else {
                fold({ clip[Self.reflected(start + $0, clip.count)] }, even + t * sums, odd + t * differences)
            }
        }
        GEMM.serial(frames, bins, sums, 1, even, sums, false, cosines.float32Pointer, bins, false, 0, real, bins)
        if differences > 0 {
            GEMM.serial(
                frames, bins, differences, 1, odd, differences, false, sines.float32Pointer, bins, false, 0, imaginary,
                bins)
        } else {
            imaginary.update(repeating: 0, count: frames * bins)
        }
        Kernels.squaredMagnitudes(real, real, imaginary, count: frames * bins)
        return real
    }

    private func transform(
        _ plan: FourierPlan, _ clip: UnsafeBufferPointer<Float>, first: Int, hop: Int, frames: Int,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        weights.withUnsafeBufferPointer { weights in
            for t in stride(from: 0, to: frames, by: FourierPlan.lanes) {
                let start = first + t * hop, count = min(FourierPlan.lanes, frames - t)
                let output = scratch + t * bins, work = scratch + frames * bins
                if start >= 0, start + (count - 1) * hop + window <= clip.count {
                    plan.energies(frames: count, samples: window, output, work) {
                        clip[start + $0 * hop + $1] * weights[$1]
                    }
                } else {
                    plan.energies(frames: count, samples: window, output, work) {
                        clip[Self.reflected(start + $0 * hop + $1, clip.count)] * weights[$1]
                    }
                }
            }
        }
    }

    @inline(__always)
    private func fold(_ sample: (Int) -> Float, _ even: UnsafeMutablePointer<Float>, _ odd: UnsafeMutablePointer<Float>)
    {
        for p in 1..<differences + 1 {
            let a = sample(p), b = sample(window - p)
            even[p - 1] = a + b
            odd[p - 1] = a - b
        }
        if sums > differences { even[sums - 1] = sample(sums) }
    }

    /// The sample at `index` of a clip that is continued by its mirror image at both ends, without repeating the end
    /// samples.
    private static func reflected(_ index: Int, _ count: Int) -> Int {
        guard count > 1 else { return 0 }
        let period = 2 * (count - 1)
        let place = ((index % period) + period) % period
        return min(place, period - place)
    }
}
