#if canImport(Glibc)
    import Glibc
#endif

/// The weight of a place in a ranking: what DCG multiplies a gain by.
enum Discount {
    /// `1 / log2(place + 2)`, places from 0.
    static func of(place: Int) -> Double { 1 / log2(Double(place + 2)) }
}

/// Sums of inverse ranks.
enum Harmonic {
    /// `1 / (first + 1) + ... + 1 / (first + count)`.
    static func sum(after first: Int, count: Int) -> Double {
        guard count > 64 else { return (0..<max(0, count)).reduce(0) { $0 + 1 / Double(first + 1 + $1) } }
        let whole = 64  // terms that are summed before the series for the rest is exact to rounding
        let head = (0..<whole).reduce(0.0) { $0 + 1 / Double(first + 1 + $1) }
        let low = Double(first + whole), high = Double(first + count)
        return head + log(high / low) + (tail(high) - tail(low))
    }

    /// `H(n) - ln n - γ` by its asymptotic series.
    private static func tail(_ n: Double) -> Double { 1 / (2 * n) - 1 / (12 * n * n) + 1 / (120 * n * n * n * n) }
}
