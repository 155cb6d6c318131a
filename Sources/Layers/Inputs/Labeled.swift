public import ConcordTensors

/// An encoder's inputs with what is to be said of each: its class, or a number.
///
/// ```swift
/// let batch = Labeled(images, labels: Tensor([0, 2, -1] as [Int32], shape: [3]))        // the third has no label
/// let measured = Labeled(clips, labels: Tensor([12.5, .nan] as [Float], shape: [2]))
/// ```
public struct Labeled<Input: Sendable>: Sendable {
    /// The inputs of N samples.
    public let input: Input
    /// `[N]`: int32 classes, -1 for a sample without one; or float32 numbers, NaN for a sample without one.
    public let labels: Tensor

    /// - Parameters:
    ///   - input: of N samples.
    ///   - labels: `[N]`, int32 classes or float32 numbers.
    public init(_ input: Input, labels: Tensor) { (self.input, self.labels) = (input, labels) }
}

extension Labeled: RowSliceable where Input: RowSliceable {
    public var rowCount: Int { labels.rowCount }
    public func rows(in range: Range<Int>) -> Labeled {
        Labeled(input.rows(in: range), labels: labels.rows(in: range))
    }
}
