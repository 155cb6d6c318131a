public import ConcordLayers
public import ConcordTensors

/// A module that maps a batch to a loss.
///
/// ```swift
/// final class Regression: Objective {
///     let model = Linear(8, 1)
///     func callAsFunction(_ batch: Points) -> Loss { Loss((model(batch.x) - batch.y).squared().mean()) }
/// }
/// ```
public protocol Objective<Input>: Module {
    /// A batch.
    associatedtype Input: Sendable
    /// The loss of a batch, in the surrounding mode.
    func callAsFunction(_ batch: Input) -> Loss
}

/// The value of an objective over a batch: one scalar to minimize, and named scalars for the log.
public struct Loss: LossValue, Sendable {
    /// A scalar, of shape `[]`.
    public let total: Tensor
    /// The terms that the total is a weighted sum (or mean) of, each before its weight: pairs of towers, objectives of
    /// a sum, prediction steps. Empty where there is one term.
    public let parts: [(name: String, value: Tensor)]
    /// Scalars that do not add up to the total: `accuracy`, `logit_scale`, `spread`.
    public let metrics: [(name: String, value: Tensor)]

    /// - Parameters:
    ///   - total: a scalar, of shape `[]`.
    ///   - parts, metrics: scalars, without a gradient; names are unique among each.
    public init(
        _ total: Tensor, parts: [(name: String, value: Tensor)] = [], metrics: [(name: String, value: Tensor)] = []
    ) {
        (self.total, self.parts, self.metrics) = (total, parts, metrics)
    }
}

extension Loss {
    /// How much embeddings vary, a measure of collapse: the standard deviation over the rows of each element of the
    /// unit embeddings, averaged, times sqrt(D).
    /// - Parameter embeddings: `[N, D]`.
    /// - Returns: a scalar without a gradient: about 1 for directions spread evenly, 0 where all embeddings are equal.
    static func spread(of embeddings: Tensor) -> Tensor {
        detached {
            let variance = embeddings.detached.l2Normalized().variance(axes: [0])  // [D]
            return variance.sqrt().mean() * Float(embeddings.shape[1]).squareRoot()
        }
    }
}
