#if canImport(Glibc)
    import Glibc
#endif

/// Student's t distribution, for intervals of means.
struct StudentDistribution {
    /// Degrees of freedom, at least 1.
    let degrees: Int

    /// The t below which a fraction of the distribution is, to about 1e-12 relative.
    /// - Parameter fraction: above 0.5, below 1.
    func quantile(_ fraction: Double) -> Double {
        var low = 0.0, high = 1.0
        while probability(below: high) < fraction { high *= 2 }
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if probability(below: middle) < fraction { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The fraction of the distribution below t, which is not negative.
    func probability(below t: Double) -> Double {
        let n = Double(degrees)
        return 1 - Self.incompleteBeta(n / (n + t * t), n / 2, 0.5) / 2
    }

    /// The regularized incomplete beta function.
    /// - Source: Abramowitz, Stegun 1964, 26.5.8: the continued fraction, by Lentz's method.
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
        let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
        let front: Double = exp(a * log(x) + b * log(1 - x) - logBeta) / a
        let tiny = 1e-300
        var c = 1.0, d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var result = d
        for i in 1...500 {
            let m = Double(i)
            var previous = 0.0
            let even: Double = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd: Double = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for term in [even, odd] {
                d = 1 + term * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                previous = c * d
                result *= previous
            }
            if abs(previous - 1) < 1e-16 { break }
        }
        return front * result
    }
}
