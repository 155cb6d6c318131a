import ConcordTensors

/// Coordinates V of a linear classifier's weights, `W = V L⁻¹` for a curvature `L Lᵀ` that all classes share, in which
/// curvatures are about 1.
///
/// The map need not be exact, only the same in both directions of a gradient: products are in float32.
struct WhitenedCoordinates {
    private let width: Int, classes: Int
    /// `(L⁻¹)ᵀ`, `[D, D]`; nil for a multiple of the identity.
    private let inverse: Tensor?
    /// L by rows.
    private let factor: Cholesky?
    private let scale: Double, biasScale: Double
    /// Scratch: `[K, D]`.
    private let from, to: Tensor

    /// `W = scale V`, and the same for the bias.
    init(width: Int, classes: Int, scale: Double) {
        self.init(width: width, classes: classes, scale: scale, biasScale: scale, factor: nil)
    }

    /// - Parameter biasScale: the bias is so many times its coordinate.
    init(_ factor: Cholesky, classes: Int, biasScale: Double) {
        self.init(width: factor.size, classes: classes, scale: 1, biasScale: biasScale, factor: factor)
    }

    private init(width: Int, classes: Int, scale: Double, biasScale: Double, factor: Cholesky?) {
        (self.width, self.classes) = (width, classes)
        (self.scale, self.biasScale) = (scale, biasScale)
        self.factor = factor
        inverse = factor.map { factor in
            let inverse = Tensor(uninitialized: [width, width])
            factor.inverseOfLower().withUnsafeBufferPointer { values in
                if let values = values.baseAddress {
                    DoubleVectors.round(values, to: inverse.float32Pointer, width * width)
                }
            }
            return inverse
        }
        from = Tensor(uninitialized: [classes, width])
        to = Tensor(uninitialized: [classes, width])
    }

    /// Coordinates of W `[K, D]` and b `[K]`: `V = W L`.
    func whitened(_ point: [Double]) -> [Double] {
        let weights = classes * width
        var result = point.map { $0 / scale }
        for k in 0..<classes { result[weights + k] = point[weights + k] / biasScale }
        guard let factor, point.contains(where: { $0 != 0 }) else { return result }
        result.withUnsafeMutableBufferPointer { result in
            factor.lower.withUnsafeBufferPointer { lower in
                guard let v = result.baseAddress, let l = lower.baseAddress else { return }
                for k in 0..<classes {
                    (v + k * width).update(repeating: 0, count: width)
                    for d in 0..<width {
                        DoubleVectors.add(l + d * width, times: point[k * width + d], to: v + k * width, d + 1)
                    }
                }
            }
        }
        return result
    }

    /// W and b of coordinates.
    func restore(_ whitened: UnsafeBufferPointer<Double>, into point: UnsafeMutablePointer<Double>) {
        guard let v = whitened.baseAddress else { return }
        map(v, into: point, transposed: true)
    }

    /// The gradient by the coordinates, of that by W and b: `G L⁻ᵀ`.
    func pullBack(_ gradient: UnsafePointer<Double>, into whitened: UnsafeMutableBufferPointer<Double>) {
        guard let v = whitened.baseAddress else { return }
        map(gradient, into: v, transposed: false)
    }

    private func map(_ a: UnsafePointer<Double>, into b: UnsafeMutablePointer<Double>, transposed: Bool) {
        let weights = classes * width
        if let inverse {
            DoubleVectors.round(a, to: from.float32Pointer, weights)
            GEMM.multiply(
                m: classes, n: width, k: width, from.float32Pointer, inverse.float32Pointer, transposeB: transposed,
                into: to.float32Pointer)
            let products = to.float32Pointer
            for i in 0..<weights { b[i] = Double(products[i]) }
        } else {
            for i in 0..<weights { b[i] = scale * a[i] }
        }
        for k in weights..<weights + classes { b[k] = biasScale * a[k] }
    }
}
