public import ConcordTensors

/// What a module or objective may ask of the computation that it is part of.
///
/// ```swift
/// func callAsFunction(_ x: Tensor) -> Tensor {
///     guard Computation.isTraining else { return x }
///     return x + Tensor(normal: 0, std: 0.1, shape: x.shape, key: Computation.randomKey())
/// }
/// ```
public enum Computation {
    /// Whether dropout drops and batch normalization uses the batch's own statistics: true inside `valueWithGradient`
    /// and `training`.
    public static var isTraining: Bool { Context.current.isTraining }

    /// A key for one random choice; each call gives another, a function of the run's seed, of the step and of how many
    /// were drawn before.
    public static func randomKey() -> RandomKey { Context.current.random.nextKey() }

    /// One key a sample, a function of the sample's place in the data and of the epoch, for choices that must not
    /// depend on the batch's make-up (masks, negatives). Outside of a trainer's step they are derived from
    /// ``randomKey()``.
    /// - Parameter count: number N of samples.
    public static func sampleKeys(count: Int) -> [RandomKey] {
        let keys = Context.current.sampleKeys
        if keys.count == count { return keys }
        let key = randomKey(), first = Context.current.rows?.lowerBound ?? 0
        return (first..<first + count).map { key.derived($0) }
    }
}
