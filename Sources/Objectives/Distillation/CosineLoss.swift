import ConcordLayers
public import ConcordTensors

/// The cosine distance of each row to its row of the other side; there are no negatives.
///
///     loss = mean over i of  1 - cos(a_i, b_i)
///
/// In [0, 2]. BYOL's squared distance of unit vectors is twice this; SimSiam's negative cosine is this minus 1: the
/// gradient is the same. Labels are ignored.
/// - Source: Grill et al. 2020, arXiv:2006.07733, eq. 2; Chen, He 2021, arXiv:2011.10566, eq. 1.
public final class CosineLoss: PairLoss {
    /// Has no setting.
    public init() {}

    /// The mean of `1 - cos(a_i, b_i)`.
    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: ignored.
    /// - Returns: a scalar in [0, 2].
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "CosineLoss", "\(a.shape) against \(b.shape): two [N, D] wanted")
        return 1 - (a.l2Normalized() * b.l2Normalized()).sum(axis: 1).mean()
    }
}
