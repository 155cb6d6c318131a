/// What an optimizer does otherwise for some parameters, by their paths.
///
/// ```swift
/// AdamW(learningRate: 5e-4, weightDecay: 0.2, groups: [
///     ParameterGroup(matching: "text.*", learningRateScale: 0.1),
///     ParameterGroup(matching: "*.positional_embedding", weightDecay: 0),
/// ])
/// ```
public struct ParameterGroup: Sendable {
    public let pattern: PathPattern
    /// Times the learning rate; nil leaves it to other groups, and 1.
    public let learningRateScale: Double?
    /// In place of the optimizer's, and for vectors too; nil leaves it.
    public let weightDecay: Double?

    public init(matching pattern: PathPattern, learningRateScale: Double? = nil, weightDecay: Double? = nil) {
        self.pattern = pattern
        self.learningRateScale = learningRateScale
        self.weightDecay = weightDecay
    }
}
