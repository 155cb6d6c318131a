import ConcordLayers
public import ConcordTensors

/// Makes the cross-correlation of two views' features the identity: each feature is the same in both views and
/// unrelated to the others. There are no negatives.
///
///     c = standardized(a)^T standardized(b) / N                             // [D, D], over the batch
///     loss = sum over i of (1 - c_ii)^2 + lambda sum over i != j of c_ij^2
///
/// ```swift
/// let barlow = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar),
///     head: ProjectionHead(512, hidden: 2048, 2048, layers: 3, norm: .hidden, biases: .none), loss: BarlowTwins())
/// ```
///
/// Where the views are unrelated the loss is about D; it is 0 where they are equal and their features uncorrelated. A
/// batch of one has no correlations: D, without a gradient. Labels are ignored.
/// - Source: Zbontar, Jing, Misra, LeCun, Deny 2021, arXiv:2103.03230, eq. 1; sums and the biased variance plus 1e-5 as
///   in the authors' code.
public final class BarlowTwins: PairLoss {
    /// lambda, the weight of the correlations of different features; at least 0.
    public let redundancyWeight: Float

    /// - Parameter redundancyWeight: lambda, at least 0.
    public init(redundancyWeight: Float = 0.0051) {
        ShapeCheck.require(
            redundancyWeight >= 0, "BarlowTwins", "redundancyWeight \(redundancyWeight) is below 0")
        self.redundancyWeight = redundancyWeight
    }

    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: ignored.
    /// - Returns: a scalar, at least 0.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "BarlowTwins", "\(a.shape) against \(b.shape): two [N, D] wanted")
        return withPrecision(.float32) {
            let x = Self.standardized(a), y = Self.standardized(b), count = Float(max(1, a.shape[0]))
            let correlations = x.matmul(y, transposing: .left) / count  // [D, D]
            let own = (x * y).sum(axis: 0) / count  // [D]
            let others = correlations.squared().sum() - own.squared().sum()
            return (own - 1).squared().sum() + others * redundancyWeight
        }
    }

    /// Zero mean and unit variance of each column, `[N, D]`.
    private static func standardized(_ x: Tensor) -> Tensor {
        let x = x.converted(to: .float32), centered = x - x.mean(axes: [0], keepingAxes: true)
        let variance = centered.squared().mean(axes: [0], keepingAxes: true)
        return centered / (variance + 1e-5).sqrt()
    }
}
