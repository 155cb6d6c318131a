public import ConcordTensors

/// Two views of each sample of a batch: two crops of an image, two windows of a recording.
///
/// ```swift
/// let batch = Views(first: crops, second: others)                       // two [N, H, W, C]
/// ```
public struct Views<Input: Sendable>: Sendable {
    /// The views; row i of both is of sample i.
    public let first, second: Input
    /// int32 `[N]`: samples of equal labels belong together; nil: none do.
    public let labels: Tensor?

    /// - Parameters:
    ///   - first, second: N rows each.
    ///   - labels: int32 `[N]`; nil where no two samples belong together.
    public init(first: Input, second: Input, labels: Tensor? = nil) {
        (self.first, self.second, self.labels) = (first, second, labels)
    }
}
