#if canImport(Glibc)
    import Glibc
#endif

/// A fast Fourier transform's radices and angles: energies of the frequencies of n real samples, sixteen frames at a
/// time.
///
/// An even n is a complex transform of n / 2 points, an odd one of n. The cost is n times the sum of n's prime factors.
struct FourierPlan: Sendable {
    /// Frames worked on together, the lanes of the kernels.
    static let lanes = Kernels.fourierLanes

    private let size: Int, points: Int
    private let radices: [Int]
    /// cos and sin of -2 pi i / points, i below `points`; and of -2 pi i / size, i up to size / 2.
    private let cosines: Tensor, sines: Tensor, halfCosines: Tensor, halfSines: Tensor

    /// Nil where n has a prime factor so large that a product with cosines is as fast.
    init?(_ size: Int) {
        self.size = size
        points = size.isMultiple(of: 2) ? size / 2 : size
        var rest = points, radices: [Int] = []
        for radix in [4] + Array(2...61) {
            while rest.isMultiple(of: radix), rest > 1 {
                radices.append(radix)
                rest /= radix
            }
        }
        guard rest == 1, size > 1 else { return nil }
        self.radices = radices
        func table(_ count: Int, of period: Int, _ wave: (Double) -> Double) -> Tensor {
            Tensor((0..<count).map { Float(wave(-2 * Double.pi * Double($0) / Double(period))) }, shape: [count])
        }
        (cosines, sines) = (table(points, of: points) { cos($0) }, table(points, of: points) { sin($0) })
        (halfCosines, halfSines) = (
            table(size / 2 + 1, of: size) { cos($0) }, table(size / 2 + 1, of: size) { sin($0) }
        )
    }

    /// Frequencies from 0 to half the rate.
    var bins: Int { size / 2 + 1 }

    /// Floats that `energies` needs.
    var scratchCount: Int { (4 * points + bins) * Self.lanes }

    /// Energies of up to sixteen frames.
    /// - Parameters:
    ///   - frames: how many.
    ///   - samples: number of samples of each that are not zero, the first ones.
    ///   - sample: a frame's sample.
    ///   - output: `[frames, bins]`.
    ///   - scratch: `scratchCount` floats.
    @inline(__always)
    func energies(
        frames: Int, samples: Int, _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
        sample: (_ frame: Int, _ place: Int) -> Float
    ) {
        let lanes = Self.lanes, part = points * lanes
        var (real, imaginary) = (scratch, scratch + part),
            (nextReal, nextImaginary) = (scratch + 2 * part, scratch + 3 * part)
        real.update(repeating: 0, count: 2 * part)
        let isHalved = points < size
        for frame in 0..<frames {
            for place in 0..<samples {
                let value = sample(frame, place)
                if !isHalved {
                    real[place * lanes + frame] = value
                } else if place & 1 == 0 {
                    real[place / 2 * lanes + frame] = value
                } else {
                    imaginary[place / 2 * lanes + frame] = value
                }
            }
        }
        var done = 1
        for radix in radices {
            Kernels.fourierPass(
                nextReal, nextImaginary, real, imaginary, points: points, done: done, radix: radix,
                cosines: cosines.float32Pointer, sines: sines.float32Pointer)
            swap(&real, &nextReal)
            swap(&imaginary, &nextImaginary)
            done *= radix
        }
        let energies = scratch + 4 * part
        if isHalved {
            Kernels.realEnergies(
                energies, real, imaginary, points: points, cosines: halfCosines.float32Pointer,
                sines: halfSines.float32Pointer)
        } else {
            Kernels.squaredMagnitudes(energies, real, imaginary, count: bins * lanes)
        }
        for frame in 0..<frames {
            for bin in 0..<bins { output[frame * bins + bin] = energies[bin * lanes + frame] }
        }
    }
}
