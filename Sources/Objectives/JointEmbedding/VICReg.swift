import ConcordLayers
public import ConcordTensors

/// Draws two views together while each feature keeps its variance and different features stay uncorrelated. There are
/// no negatives.
///
///     loss = 25 mean (a - b)^2 + 25 (v(a) + v(b)) / 2 + c(a) + c(b)
///     v(x) = mean over features j of max(0, 1 - sqrt(var_j + 1e-4))
///     c(x) = sum over features i != j of cov_ij^2 / D
///
/// ```swift
/// let vicreg = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar),
///     head: ProjectionHead(512, hidden: 2048, 2048, layers: 3, norm: .hidden, biases: .hidden), loss: VICReg())
/// ```
///
/// Where all embeddings are equal the loss is 25 times 0.99. A batch of one has no variance either. Without
/// the variance term embeddings collapse. Labels are ignored.
/// - Source: Bardes, Ponce, LeCun 2021, arXiv:2105.04906, eq. 6; variance over N - 1 and the mean of both views' terms
///   as in the authors' code.
public final class VICReg: PairLoss {
    /// Of the squared distance of the views, of the variance and of the covariance; each at least 0.
    public let invarianceWeight, varianceWeight, covarianceWeight: Float

    /// - Parameters:
    ///   - invarianceWeight: of the squared distance of the views; at least 0.
    ///   - varianceWeight: of the features' lack of variance; at least 0.
    ///   - covarianceWeight: of the features' covariance; at least 0.
    public init(invarianceWeight: Float = 25, varianceWeight: Float = 25, covarianceWeight: Float = 1) {
        let weights = [invarianceWeight, varianceWeight, covarianceWeight]
        ShapeCheck.require(weights.allSatisfy { $0 >= 0 }, "VICReg", "a weight of \(weights) is below 0")
        self.invarianceWeight = invarianceWeight
        self.varianceWeight = varianceWeight
        self.covarianceWeight = covarianceWeight
    }

    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: ignored.
    /// - Returns: a scalar, at least 0.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "VICReg", "\(a.shape) against \(b.shape): two [N, D] wanted")
        return withPrecision(.float32) {
            let a = a.converted(to: .float32), b = b.converted(to: .float32)
            let (x, y) = (Self.statistics(of: a), Self.statistics(of: b))
            return (a - b).squared().mean() * invarianceWeight
                + (x.deficit + y.deficit) * (varianceWeight / 2) + (x.covariance + y.covariance) * covarianceWeight
        }
    }

    /// How much variance the features lack, and the squares of their covariances, scalars.
    private static func statistics(of x: Tensor) -> (deficit: Tensor, covariance: Tensor) {
        let centered = x - x.mean(axes: [0], keepingAxes: true), freedom = Float(max(1, x.shape[0] - 1))
        let variance = centered.squared().sum(axis: 0) / freedom  // [D]
        let covariance = centered.matmul(centered, transposing: .left) / freedom  // [D, D]
        let others = covariance.squared().sum() - variance.squared().sum()
        return ((1 - (variance + 1e-4).sqrt()).relu().mean(), others / Float(max(1, x.shape[1])))
    }
}
