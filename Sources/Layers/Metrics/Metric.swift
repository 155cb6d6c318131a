/// A number that says how good a model is, and whether higher or lower is better.
///
/// ```swift
/// Metric("retrieval.image_to_text.r1", 0.41, isBetter: .higher)
/// Metric("masked_words.perplexity", 31.2, isBetter: .lower)
/// ```
public struct Metric: Sendable, Equatable {
    /// Which values are better.
    public enum Direction: Sendable, Equatable {
        /// Of accuracies and recalls.
        case higher
        /// Of losses, perplexities and ranks.
        case lower
    }

    /// A path of words joined by points, as logs and settings have it.
    public let name: String
    /// In the metric's own unit; not-a-number where it is undefined.
    public let value: Double
    /// Which values are better.
    public let isBetter: Direction

    /// A metric of a name, with its value and direction.
    public init(_ name: String, _ value: Double, isBetter: Direction) {
        self.name = name
        self.value = value
        self.isBetter = isBetter
    }

    /// Whether the value is better than an earlier one by more than `change`.
    ///
    /// Not-a-number is never better; anything else is better than nothing; an equal value is not better.
    public func improves(on earlier: Double?, by change: Double = 0) -> Bool {
        guard !value.isNaN else { return false }
        guard let earlier else { return true }
        switch isBetter {
        case .higher: return value > earlier + change
        case .lower: return value < earlier - change
        }
    }
}
