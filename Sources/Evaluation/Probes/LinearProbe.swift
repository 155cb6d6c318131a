public import ConcordTensors

/// A linear classifier on frozen embeddings: multinomial logistic regression on standardized features.
///
///     minimize  1/2 ||W||^2 + C sum_n weight_n * -log softmax(W x_n + b)[y_n]
///
/// to convergence by L-BFGS, the bias without a penalty: scikit-learn's `LogisticRegression` (C = 1) after its
/// `StandardScaler`. As there, two classes have one weight vector `w = W[1] - W[0]` with the penalty `1/2 ||w||^2`, and
/// classes without samples are never predicted.
///
/// ```swift
/// let probe = LinearProbe(features: training, labels: labels, classes: 10)  // [N, D]
/// let predicted = probe.classify(test)                                      // [M, D] -> M class numbers
/// ```
/// A fit costs two products `[N, D] [D, K]` an evaluation, 4 N D K operations. The optimizer searches in coordinates in
/// which the features' covariance, with the penalty, is the identity: 20 to 80 evaluations, two to ten times fewer than
/// in the features' own.
public struct LinearProbe: Sendable {
    /// `[K, D]`, for standardized features; zeros for classes without samples.
    public let weight: Tensor
    /// `[K]`; negative infinity for classes without samples.
    public let bias: Tensor
    /// The minimized sum.
    public let objective: Double
    /// How often the sum and its gradient were computed.
    public let evaluations: Int
    /// Whether the gradient came within the tolerance.
    public let hasConverged: Bool
    private let mean, std: [Double]

    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: N class numbers in `0 ..< classes`.
    ///   - strength: scikit-learn's C, the inverse of the penalty's weight; above 0.
    ///   - classWeights: of the loss of each class's samples.
    ///   - sampleWeights: of the loss of each sample; they do not weigh in the standardization.
    ///   - tolerance: the largest element of the gradient, divided by C and by the sum of the weights (N where all are
    ///     1), at which it has converged: scikit-learn's `tol`, whose default is 1e-4.
    ///   - iterations: at most so many.
    public init(
        features: Tensor, labels: [Int], classes: Int, strength: Double = 1, classWeights: ClassWeights = .uniform,
        sampleWeights: [Double]? = nil, tolerance: Double = 1e-6, iterations: Int = 1000
    ) {
        let fit = LogisticFit(
            features: features, labels: labels, classes: classes,
            weights: classWeights.weights(labels: labels, classes: classes, samples: sampleWeights))
        self = fit.probe(strength: strength, tolerance: tolerance, iterations: iterations)
    }

    init(_ fit: LogisticFit, weight: Tensor, bias: Tensor, objective: Double, minimum: LBFGS.Minimum) {
        self.weight = weight
        self.bias = bias
        self.objective = objective
        evaluations = minimum.evaluations
        hasConverged = minimum.hasConverged
        (mean, std) = (fit.mean, fit.std)
    }

    /// Logits of features `[N, D]`, `[N, K]`.
    public func logits(_ features: Tensor) -> Tensor {
        features.standardized(mean: mean, std: std).linear(weight: weight, bias: bias)
    }

    /// Probabilities of the classes, `[N, K]`.
    public func probabilities(_ features: Tensor) -> Tensor { logits(features).softmax() }

    /// The likeliest class of each row.
    public func classify(_ features: Tensor) -> [Int] { logits(features).argmax(axis: 1).integerScalars.map(Int.init) }
}
