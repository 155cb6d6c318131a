#if canImport(Glibc)
    import Glibc
#endif

/// The limited-memory quasi-Newton method, for smooth convex functions of some thousand variables.
///
/// - Source: Nocedal, Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5; backtracking until the Armijo
///   condition holds and a curvature test for each pair kept.
package struct LBFGS {
    /// Converged when no element of the gradient is larger.
    package let tolerance: Double
    package let iterations: Int
    /// Pairs of steps and gradient changes kept.
    private let memory = 10

    package init(tolerance: Double, iterations: Int) {
        self.tolerance = tolerance
        self.iterations = iterations
    }

    /// - Parameter evaluate: the value at a point; fills the gradient.
    package func minimize(from start: [Double], _ evaluate: ([Double], inout [Double]) -> Double) -> [Double] {
        var x = start
        var gradient = [Double](repeating: 0, count: x.count)
        var value = evaluate(x, &gradient)
        var pairs: [(s: [Double], y: [Double], rho: Double)] = []
        for iteration in 0..<iterations {
            guard gradient.contains(where: { abs($0) > tolerance }) else { break }
            var direction = Self.direction(gradient, pairs)
            var slope = Self.dot(direction, gradient)
            if slope >= 0 {  // rounding spoiled the memory: steepest descent again
                pairs = []
                direction = gradient.map { -$0 }
                slope = Self.dot(direction, gradient)
            }
            var length = iteration == 0 || pairs.isEmpty ? min(1, 1 / Self.dot(gradient, gradient).squareRoot()) : 1
            var next = x, nextGradient = gradient, nextValue = Double.infinity
            for _ in 0..<40 {
                for i in x.indices { next[i] = x[i] + length * direction[i] }
                nextValue = evaluate(next, &nextGradient)
                if nextValue <= value + 1e-4 * length * slope { break }
                length /= 2
            }
            guard nextValue < value else { break }  // at the precision of the evaluation
            let s = zip(next, x).map { $0 - $1 }, y = zip(nextGradient, gradient).map { $0 - $1 }
            let curvature = Self.dot(s, y)
            if curvature > 1e-12 * Self.dot(y, y) {
                pairs.append((s, y, 1 / curvature))
                if pairs.count > memory { pairs.removeFirst() }
            }
            (x, gradient, value) = (next, nextGradient, nextValue)
        }
        return x
    }

    /// The two-loop recursion.
    private static func direction(_ gradient: [Double], _ pairs: [(s: [Double], y: [Double], rho: Double)]) -> [Double]
    {
        var q = gradient
        var alphas: [Double] = []
        for pair in pairs.reversed() {
            let alpha = pair.rho * dot(pair.s, q)
            for i in q.indices { q[i] -= alpha * pair.y[i] }
            alphas.append(alpha)
        }
        if let last = pairs.last {
            let scale = 1 / (last.rho * dot(last.y, last.y))
            for i in q.indices { q[i] *= scale }
        }
        for (pair, alpha) in zip(pairs, alphas.reversed()) {
            let beta = pair.rho * dot(pair.y, q)
            for i in q.indices { q[i] += (alpha - beta) * pair.s[i] }
        }
        return q.map { -$0 }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }
}
