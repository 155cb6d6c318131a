public import ConcordTensors

/// A linear classifier on frozen embeddings: multinomial logistic regression on standardized features.
///
///     minimize  1/2 ||W||^2 + C sum_n -log softmax(W x_n + b)[y_n]
///
/// to convergence by L-BFGS, the bias without a penalty: scikit-learn's `LogisticRegression` (C = 1) after its
/// `StandardScaler`.
public struct LinearProbe: Sendable {
    /// `[K, D]`, for standardized features.
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
        let count = features.shape[0], width = features.shape[1], weights = classes * width
        let (mean, variance) = features.columnMoments()
        self.mean = mean
        // A constant feature keeps its scale, as StandardScaler leaves it.
        std = variance.map { $0 > 0 ? $0.squareRoot() : 1 }
        let logisticLoss = LogisticLoss(
            features: features.standardized(mean: mean, std: std), labels: labels, classes: classes)

        /// Value and gradient at `[W, b]`, both divided by N.
        func evaluate(_ point: [Double], _ gradient: inout [Double]) -> Double {
            let loss = logisticLoss(point, gradient: &gradient), n = Double(count)
            var penalty = 0.0
            for i in 0..<weights {
                penalty += point[i] * point[i]
                gradient[i] = (strength * gradient[i] + point[i]) / n
            }
            for i in weights..<gradient.count { gradient[i] = strength * gradient[i] / n }
            return (strength * loss + penalty / 2) / n
        }

        let optimum = LBFGS(tolerance: tolerance, iterations: iterations).minimize(
            from: [Double](repeating: 0, count: logisticLoss.parameterCount), evaluate)
        weight = Tensor(optimum[..<weights].map(Float.init), shape: [classes, width])
        bias = Tensor(optimum[weights...].map(Float.init), shape: [classes])
    }

    /// Logits of features `[N, D]`, `[N, K]`.
    public func logits(_ features: Tensor) -> Tensor {
        features.standardized(mean: mean, std: std).linear(weight: weight, bias: bias)
    }

    /// The likeliest class of each row.
    public func classify(_ features: Tensor) -> [Int] { logits(features).argmax(axis: 1).integerScalars.map(Int.init) }
}
