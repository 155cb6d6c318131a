public import ConcordTensors

/// What an objective makes of a batch: one scalar to descend, and named metrics for the log.
public struct Loss: LossValue, Sendable {
    /// A scalar, of shape `[]`.
    public let total: Tensor
    /// Named scalars: the parts that add up to the total, each as it was before its weight, and what else is worth
    /// logging.
    public let parts: [(name: String, value: Tensor)]

    public init(_ total: Tensor, parts: [(name: String, value: Tensor)] = []) {
        self.total = total
        self.parts = parts
    }
}
