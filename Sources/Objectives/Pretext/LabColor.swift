public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// CIE L*a*b* of sRGB colors under D65, as scikit-image's `rgb2lab`: L from 0 to 100, a and b from about -108 to 98.
public enum LabColor {
    /// Rows X, Y and Z, relative to the white point, of linear R, G and B.
    static let toXYZ: [[Double]] = [
        [0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047], [0.212671, 0.715160, 0.072169],
        [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883],
    ]

    /// Colors in `0 ... 1`, `[..., 3]`.
    /// - Returns: `[..., 3]`: L, a, b. There is no gradient.
    public static func lab(_ colors: Tensor) -> Tensor {
        ShapeCheck.require(colors.shape.last == 3, "LabColor", "[..., 3] wanted, found \(colors.shape)")
        let source = colors.scalars, count = source.count / 3
        let values = [Float](unsafeUninitializedCapacity: 3 * count) { to, filled in
            nonisolated(unsafe) let to = to
            source.withUnsafeBufferPointer { from in
                nonisolated(unsafe) let from = from
                Parallel.run(count, grain: 1 << 10) { range in
                    for pixel in range {
                        let at = 3 * pixel
                        let (l, a, b) = lab(Double(from[at]), Double(from[at + 1]), Double(from[at + 2]))
                        (to[at], to[at + 1]) = (Float(l), Float(a))
                        to[at + 2] = Float(b)
                    }
                }
            }
            filled = 3 * count
        }
        return Tensor(values, shape: colors.shape)
    }

    /// One color; channels in `0 ... 1`.
    static func lab(_ red: Double, _ green: Double, _ blue: Double) -> (l: Double, a: Double, b: Double) {
        let (r, g, b) = (linear(red), linear(green), linear(blue))
        let (x, y, z) = (toXYZ[0], toXYZ[1], toXYZ[2])
        let fx = root(x[0] * r + x[1] * g + x[2] * b), fy = root(y[0] * r + y[1] * g + y[2] * b)
        let fz = root(z[0] * r + z[1] * g + z[2] * b)
        return (116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
    }

    /// A channel without sRGB's gamma.
    private static func linear(_ x: Double) -> Double {
        x > 0.04045 ? pow((x + 0.055) / 1.055, 2.4) : x / 12.92
    }

    private static func root(_ x: Double) -> Double { x > 0.008856 ? cbrt(x) : 7.787 * x + 16.0 / 116 }
}
