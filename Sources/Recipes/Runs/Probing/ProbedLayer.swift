public import ConcordLayers

/// A layer of an encoder, and how its steps become one vector: what a probe looks at in place of the encoder's output.
///
/// ```swift
/// ProbedLayer(-2, pooling: .mean)                                       // the last but one
/// ```
public struct ProbedLayer: Sendable, Equatable {
    /// From 0, the embedding or the stem; below 0 from the end, -1 the last. Beyond the last it is the last.
    public let number: Int
    /// How steps become one vector.
    public let pooling: LayerOutput.Pooling

    /// - Parameters:
    ///   - number: from 0, or below 0 from the end.
    ///   - pooling: how steps become one vector.
    public init(_ number: Int, pooling: LayerOutput.Pooling = .mean) { (self.number, self.pooling) = (number, pooling) }

    func place(among count: Int) -> Int { min(count - 1, max(0, number < 0 ? count + number : number)) }
}
