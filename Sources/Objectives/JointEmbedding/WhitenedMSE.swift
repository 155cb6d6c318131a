import ConcordLayers
public import ConcordTensors

/// The squared distance of two views after whitening: the batch's features are given unit variance and no correlations,
/// so that they cannot collapse. There are no negatives.
///
///     C = (1 - epsilon) X^T X / (n - 1) + epsilon I = L L^T,   z = L^-1 x       // X: n centered rows of a sub-batch
///     loss = mean over rows of  2 - 2 cos(z(a), z(b))
///
/// Both views are cut into the same random sub-batches, and each view of each is whitened by itself; the gradient goes
/// through the whitening of both.
///
/// ```swift
/// let wmse = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar), head: ProjectionHead(512, hidden: 1024, 64, norm: .hidden),
///     loss: WhitenedMSE(size: 128))
/// ```
/// In [0, 4]; 2 where the views are unrelated. A sub-batch wants more rows than features, twice as many as a rule: with
/// fewer and an epsilon of 0 nothing can be whitened, and the loss is not a number. Labels are ignored.
/// - Source: Ermolov, Siarohin, Sangineto, Sebe 2021, arXiv:2007.06346, eq. 3 to 7 (Cholesky whitening); sub-batches as
///   in the authors' code, but that a batch that is no multiple of their size is cut evenly.
public final class WhitenedMSE: PairLoss {
    /// Least rows of a sub-batch; a smaller batch is one.
    public let size: Int
    /// How often the batch is cut into sub-batches, at least 1.
    public let iterations: Int
    /// Fraction of the identity in the covariance, in `0 ..< 1`.
    public let epsilon: Float

    /// - Parameters:
    ///   - size: least rows of a sub-batch, at least 2.
    ///   - iterations: how often the batch is cut into sub-batches, at least 1; the loss is their mean.
    ///   - epsilon: fraction of the identity in the covariance, in `0 ..< 1`.
    public init(size: Int = 128, iterations: Int = 1, epsilon: Float = 0) {
        ShapeCheck.require(
            size > 1 && iterations > 0 && (0..<1).contains(epsilon), "WhitenedMSE",
            "sub-batches of \(size) rows, \(iterations) iterations, epsilon \(epsilon)")
        (self.size, self.iterations, self.epsilon) = (size, iterations, epsilon)
    }

    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: ignored.
    /// - Returns: a scalar in [0, 4].
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "WhitenedMSE", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let count = a.shape[0], groups = max(1, count / size)
        return withPrecision(.float32) {
            let a = a.converted(to: .float32), b = b.converted(to: .float32)
            var cosines = Tensor(0)
            for _ in 0..<iterations {
                var random = Computation.randomKey().sequence
                let order = (0..<Int32(count)).shuffled(using: &random)
                for group in 0..<groups {
                    let rows = order[count * group / groups..<count * (group + 1) / groups]
                    let places = Tensor(Array(rows), shape: [rows.count])
                    let x = whitened(a.gathered(at: places)), y = whitened(b.gathered(at: places))
                    cosines = cosines + (x.l2Normalized() * y.l2Normalized()).sum()
                }
            }
            return 2 - cosines * (2 / Float(max(1, count * iterations)))
        }
    }

    /// Rows of zero mean, unit variance and no correlations, `[n, D]`.
    private func whitened(_ x: Tensor) -> Tensor {
        let centered = x - x.mean(axes: [0], keepingAxes: true), epsilon = epsilon
        return .custom([centered], name: "whitened") { inputs in
            inputs[0].matmul(CholeskyFactor(ofCovariance: inputs[0], epsilon: epsilon).inverse, transposing: .right)
        } pullback: { inputs, _, upstream, _ in
            withPrecision(.float32) {
                let x = inputs[0], factor = CholeskyFactor(ofCovariance: x, epsilon: epsilon)
                let covariance = factor.pullback(ofInverse: upstream.matmul(x, transposing: .left))
                let scale = 2 * (1 - epsilon) / Float(max(1, x.shape[0] - 1))
                return [upstream.matmul(factor.inverse) + x.matmul(covariance) * scale]
            }
        }
    }
}

/// L of a covariance matrix `L L^T`, lower triangular, and its inverse.
private struct CholeskyFactor {
    /// `[D, D]`.
    let factor: Tensor, inverse: Tensor

    /// - Parameter x: centered rows `[n, D]`.
    init(ofCovariance x: Tensor, epsilon: Float) {
        let size = x.shape[1], scale = (1 - epsilon) / Float(max(1, x.shape[0] - 1))
        let covariance = (x.matmul(x, transposing: .left) * scale).scalars
        var lower = [Double](repeating: 0, count: size * size), inverse = lower
        for i in 0..<size {
            for j in 0...i {
                var sum = Double(covariance[i * size + j]) + (i == j ? Double(epsilon) : 0)
                for k in 0..<j { sum -= lower[i * size + k] * lower[j * size + k] }
                lower[i * size + j] = i == j ? (sum > 0 ? sum.squareRoot() : .nan) : sum / lower[j * size + j]
            }
            // Row i of the inverse, by forward substitution.
            for j in 0..<i {
                var sum = 0.0
                for k in j..<i { sum -= lower[i * size + k] * inverse[k * size + j] }
                inverse[i * size + j] = sum / lower[i * size + i]
            }
            inverse[i * size + i] = 1 / lower[i * size + i]
        }
        factor = Tensor(lower.map { Float($0) }, shape: [size, size])
        self.inverse = Tensor(inverse.map { Float($0) }, shape: [size, size])
    }

    /// The gradient by the covariance, symmetric, from that by the inverse of the factor.
    /// - Source: Murray 2016, arXiv:1602.07527, eq. 9.
    func pullback(ofInverse upstream: Tensor) -> Tensor {
        let size = factor.shape[0]
        func lower(diagonal: Float) -> Tensor {
            let values = (0..<size * size).map { place -> Float in
                place / size == place % size ? diagonal : place / size > place % size ? 1 : 0
            }
            return Tensor(values, shape: [size, size])
        }
        let byFactor = inverse.matmul(upstream, transposing: .left).matmul(inverse, transposing: .right)
        let inner = factor.matmul(byFactor * lower(diagonal: 1) * -1, transposing: .left) * lower(diagonal: 0.5)
        let outer = inverse.matmul(inner, transposing: .left).matmul(inverse)
        return (outer + outer.transposed()) * 0.5
    }
}
