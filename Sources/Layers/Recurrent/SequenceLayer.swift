public import ConcordTensors

/// A layer from one sequence to another of the same number of steps: a recurrence, a stack of transformer blocks.
///
/// The padding after a sequence's real steps does not change their output.
public protocol SequenceLayer: Module {
    /// Size D of a step of the output.
    var outputDimension: Int { get }
    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    /// - Returns: `[N, T, D]`.
    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor
}

extension SequenceLayer {
    /// The layer over sequences without padding.
    public func callAsFunction(_ x: Tensor) -> Tensor { self(x, mask: nil) }
}
