/// What repeated runs of one thing took.
package struct Timing: Codable {
    package let median: Double, minimum: Double, maximum: Double

    /// - Parameter seconds: at least one.
    package init(_ seconds: [Double]) {
        let sorted = seconds.sorted(), middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        (minimum, maximum) = (sorted[0], sorted[sorted.count - 1])
    }

    /// Times `body` after `warmups` untimed runs.
    static func of(repeats: Int, warmups: Int = 1, _ body: () throws -> Void) rethrows -> Timing {
        for _ in 0..<warmups { try body() }
        return Timing(try (0..<max(1, repeats)).map { _ in try seconds(body) })
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock(), start = clock.now
        try body()
        let (seconds, attoseconds) = (clock.now - start).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
