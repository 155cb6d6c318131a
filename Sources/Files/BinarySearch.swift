extension RandomAccessCollection {
    /// The first index from which on every element satisfies a condition; `endIndex` where the last one does not.
    ///
    /// Takes `log2(count)` steps. The same as swift-algorithms' function of this name.
    /// - Precondition: behind an element that satisfies the condition all others do.
    @inlinable
    package func partitioningIndex<E: Error>(
        where belongsToSecondPart: (Element) throws(E) -> Bool
    ) throws(E) -> Index {
        var low = startIndex, remaining = count
        while remaining > 0 {
            let half = remaining / 2, middle = index(low, offsetBy: half)
            if try belongsToSecondPart(self[middle]) {
                remaining = half
            } else {
                low = index(after: middle)
                remaining -= half + 1
            }
        }
        return low
    }
}
