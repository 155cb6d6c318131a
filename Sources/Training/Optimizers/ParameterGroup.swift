/// Optimizer settings for some of the parameters, chosen by path.
///
/// ```swift
/// AdamW(learningRate: 5e-4, weightDecay: 0.2, groups: [
///     ParameterGroup(matching: "text.*", learningRateScale: 0.1),
///     ParameterGroup(matching: "*.positional_embedding", weightDecay: 0),
/// ])
/// ```
public struct ParameterGroup: Sendable {
    /// Matches the paths of the parameters.
    public let pattern: PathPattern
    /// A factor of the learning rate; nil: that of other groups, or 1.
    public let learningRateScale: Double?
    /// Replaces the optimizer's weight decay, for vectors too; nil: the optimizer's.
    public let weightDecay: Double?

    /// - Parameters:
    ///   - pattern: matches the paths of the parameters.
    ///   - learningRateScale: a factor of the learning rate, at least 0; nil: that of other groups, or 1.
    ///   - weightDecay: replaces the optimizer's, at least 0; nil: the optimizer's.
    public init(matching pattern: PathPattern, learningRateScale: Double? = nil, weightDecay: Double? = nil) {
        self.pattern = pattern
        self.learningRateScale = learningRateScale
        self.weightDecay = weightDecay
    }
}
