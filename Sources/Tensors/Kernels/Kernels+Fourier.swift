import CKernels

/// Sixteen Fourier transforms at once: point p of transform i is element `p * 16 + i` of the real and imaginary parts.
extension Kernels {
    /// Transforms worked on together.
    static let fourierLanes = 16

    /// One pass of a Stockham transform (decimation in time) of `points` points.
    /// - Parameters:
    ///   - done: the product of the radices of the passes before it.
    ///   - cosines, sines: of `-2 pi i / points`.
    static func fourierPass(
        _ toReal: UnsafeMutablePointer<Float>, _ toImaginary: UnsafeMutablePointer<Float>,
        _ fromReal: UnsafePointer<Float>, _ fromImaginary: UnsafePointer<Float>, points: Int, done: Int, radix: Int,
        cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        concord_fourier_pass(toReal, toImaginary, fromReal, fromImaginary, points, done, radix, cosines, sines)
    }

    /// The `points + 1` energies of `2 * points` real samples, from the transform of the even ones (as real parts) and
    /// the odd ones (as imaginary parts).
    /// - Parameters: cosines, sines: of `-pi i / points`.
    static func realEnergies(
        _ out: UnsafeMutablePointer<Float>, _ real: UnsafePointer<Float>, _ imaginary: UnsafePointer<Float>,
        points: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        concord_real_energies(out, real, imaginary, points, cosines, sines)
    }
}
