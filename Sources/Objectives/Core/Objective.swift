public import ConcordLayers

/// A module that maps a batch to a loss.
///
/// ```swift
/// final class Regression: Objective {
///     let model = Linear(8, 1)
///     func callAsFunction(_ batch: Points) -> Loss { Loss((model(batch.x) - batch.y).squared().mean()) }
/// }
/// ```
public protocol Objective<Input>: Module {
    associatedtype Input: Sendable
    func callAsFunction(_ batch: Input) -> Loss
}
