#if canImport(Glibc)
    import Glibc
#endif
public import ConcordTensors

/// A linear classifier on frozen embeddings: multinomial logistic regression on standardised features.
///
///     minimise  1/2 ||W||^2 + C sum_n -log softmax(W x_n + b)[y_n]
///
/// to convergence by L-BFGS, the bias unpenalised: scikit-learn's `LogisticRegression` (C = 1) after its
/// `StandardScaler`.
public struct LinearProbe: Sendable {
    /// `[K, D]`, for standardised features.
    public let weight: Tensor
    /// `[K]`.
    public let bias: Tensor
    private let mean, std: [Double]

    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: N class numbers in `0 ..< classes`.
    ///   - strength: scikit-learn's C, the inverse of the penalty's weight; above 0.
    ///   - tolerance: the largest element of the gradient, divided by N, at which it has converged.
    public init(
        features: Tensor, labels: [Int], classes: Int, strength: Double = 1, tolerance: Double = 1e-6,
        iterations: Int = 1000
    ) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == labels.count && !labels.isEmpty, "LinearProbe",
            "features \(features.shape) with \(labels.count) labels")
        let count = features.shape[0], width = features.shape[1]
        let (mean, std) = Self.moments(features)
        self.mean = mean
        self.std = std
        let x = Self.standardize(features, mean, std)
        let logits = Tensor(uninitialized: [count, classes])
        let slope = Tensor(uninitialized: [classes, width])
        let w = Tensor(uninitialized: [classes, width])

        /// Value and gradient at `[W, b]`, both divided by N.
        func evaluate(_ point: [Double], _ gradient: inout [Double]) -> Double {
            for i in 0..<classes * width { w.float32Pointer[i] = Float(point[i]) }
            GEMM.multiply(
                m: count, n: classes, k: width, x.float32Pointer, lda: width, w.float32Pointer, ldb: width,
                transposeB: true,
                logits.float32Pointer, ldc: classes)
            var loss = 0.0
            var biasSlope = [Double](repeating: 0, count: classes)
            for n in 0..<count {
                let row = logits.float32Pointer + n * classes
                var top = -Double.infinity
                for k in 0..<classes { top = max(top, Double(row[k]) + point[classes * width + k]) }
                var sum = 0.0
                for k in 0..<classes { sum += exp(Double(row[k]) + point[classes * width + k] - top) }
                loss -= Double(row[labels[n]]) + point[classes * width + labels[n]] - top - log(sum)
                for k in 0..<classes {
                    let p = exp(Double(row[k]) + point[classes * width + k] - top) / sum - (labels[n] == k ? 1 : 0)
                    row[k] = Float(p)
                    biasSlope[k] += p
                }
            }
            GEMM.multiply(
                m: classes, n: width, k: count, logits.float32Pointer, lda: classes, transposeA: true, x.float32Pointer,
                ldb: width,
                slope.float32Pointer,
                ldc: width)
            let n = Double(count)
            var penalty = 0.0
            for i in 0..<classes * width {
                penalty += point[i] * point[i]
                gradient[i] = (strength * Double(slope.float32Pointer[i]) + point[i]) / n
            }
            for k in 0..<classes { gradient[classes * width + k] = strength * biasSlope[k] / n }
            return (strength * loss + penalty / 2) / n
        }

        let optimum = LBFGS(tolerance: tolerance, iterations: iterations).minimize(
            from: [Double](repeating: 0, count: classes * (width + 1)), evaluate)
        weight = Tensor(optimum[..<(classes * width)].map(Float.init), shape: [classes, width])
        bias = Tensor(optimum[(classes * width)...].map(Float.init), shape: [classes])
    }

    /// Logits of features `[N, D]`, `[N, K]`.
    public func logits(_ features: Tensor) -> Tensor {
        Self.standardize(features, mean, std).linear(weight: weight, bias: bias)
    }

    /// The likeliest class of each row.
    public func classify(_ features: Tensor) -> [Int] { logits(features).argmax(axis: 1).integerScalars.map(Int.init) }

    private static func moments(_ x: Tensor) -> (mean: [Double], std: [Double]) {
        let (count, width) = (x.shape[0], x.shape[1])
        let p = x.float32Pointer
        var mean = [Double](repeating: 0, count: width), square = mean
        for n in 0..<count { for d in 0..<width { mean[d] += Double(p[n * width + d]) } }
        for d in 0..<width { mean[d] /= Double(count) }
        for n in 0..<count {
            for d in 0..<width {
                let z = Double(p[n * width + d]) - mean[d]
                square[d] += z * z
            }
        }
        // A constant feature keeps its scale, as StandardScaler leaves it.
        return (mean, square.map { $0 > 0 ? ($0 / Double(count)).squareRoot() : 1 })
    }

    private static func standardize(_ x: Tensor, _ mean: [Double], _ std: [Double]) -> Tensor {
        let (count, width) = (x.shape[0], x.shape[1])
        let output = Tensor(uninitialized: x.shape)
        let from = x.float32Pointer, to = output.float32Pointer
        for n in 0..<count {
            for d in 0..<width { to[n * width + d] = Float((Double(from[n * width + d]) - mean[d]) / std[d]) }
        }
        return output
    }
}
