public import ConcordTensors

/// Zero mean and unit variance over all places and the channels of a group, then a learned scale and shift for each
/// channel.
/// - Source: Wu, He 2018, arXiv:1803.08494.
public final class GroupNorm: Module {
    /// `[C]`, from one.
    public let weight: Parameter
    /// `[C]`, from zero.
    public let bias: Parameter
    /// Number of groups of channels.
    public let groups: Int
    /// Added to the variance.
    public let epsilon: Float

    /// - Precondition: `groups` divides `channels`.
    public init(_ groups: Int, _ channels: Int, epsilon: Float = 1e-5) {
        ShapeCheck.require(channels % groups == 0, "GroupNorm", "\(groups) groups do not divide \(channels) channels")
        weight = Parameter([channels], .ones)
        bias = Parameter([channels], .zeros)
        (self.groups, self.epsilon) = (groups, epsilon)
    }

    /// - Parameter x: `[N, ..., C]`.
    /// - Returns: the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.groupNormalized(groups: groups, weight: weight.value, bias: bias.value, epsilon: epsilon)
    }
}
