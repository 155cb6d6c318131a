import ConcordTensors

/// The keys of the samples of the batch under way.
enum SampleKeys {
    /// One a sample; where the batch brings none, as in a loop that makes its own batches, they come from the step's key.
    static func current(count: Int) -> [RandomKey] {
        let keys = Context.current.sampleKeys
        if keys.count == count { return keys }
        let key = Context.current.random.nextKey(), first = Context.current.rows?.lowerBound ?? 0
        return (first..<first + count).map { key.derived($0) }
    }
}
