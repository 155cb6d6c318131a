public import ConcordTensors

/// Two views of each sample of a batch: two crops of an image, two windows of a recording; and, where an objective
/// compares more (multi-crop), smaller ones besides.
///
/// ```swift
/// let batch = Views(first: crops, second: others)                       // two [N, H, W, C]
/// let more = Views(first: crops, second: others, local: LocalViews(small, count: 6))     // and [6 N, h, w, C]
/// ```
public struct Views<Input: Sendable>: Sendable {
    /// The views; row i of both is of sample i.
    public let first, second: Input
    /// Further, smaller views of the same samples; nil: none.
    public let local: LocalViews<Input>?
    /// int32 `[N]`: samples of equal labels belong together; nil: none do.
    public let labels: Tensor?

    /// - Parameters:
    ///   - first, second: N rows each.
    ///   - local: further, smaller views of the same samples; nil: none.
    ///   - labels: int32 `[N]`; nil where no two samples belong together.
    public init(first: Input, second: Input, local: LocalViews<Input>? = nil, labels: Tensor? = nil) {
        (self.first, self.second, self.local, self.labels) = (first, second, local, labels)
    }
}

/// Views of one small size, in one input, so that an encoder takes them in one pass.
/// - Source: Caron et al. 2020, arXiv:2006.09882, section 3.3 (multi-crop).
public struct LocalViews<Input: Sendable>: Sendable {
    /// V N rows, view by view: row v N + i is of sample i.
    public let input: Input
    /// Number V of views of each sample, at least 1.
    public let count: Int

    /// - Parameters:
    ///   - input: V N rows, view by view: row v N + i is of sample i.
    ///   - count: V, at least 1.
    public init(_ input: Input, count: Int) {
        ShapeCheck.require(count > 0, "LocalViews", "\(count) views of each sample; 1 or more wanted")
        (self.input, self.count) = (input, count)
    }
}
