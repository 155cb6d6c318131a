import ConcordTensors

/// The limited-memory quasi-Newton method, for smooth convex functions of some thousand variables.
///
/// - Source: Nocedal, Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5. A step begins at length 1 and is
///   taken under the Armijo condition or, where values are equal to rounding, under Hager and Zhang's approximate one
///   on slopes (2005, "A new conjugate gradient method with guaranteed descent", eq. 4.1); else it shrinks to the minimum
///   of a parabola.
package struct LBFGS {
    /// Converged when no element of the gradient is larger.
    package let tolerance: Double
    package let iterations: Int
    /// Pairs of steps and gradient changes kept.
    private static let memory = 10

    package typealias Point = UnsafeBufferPointer<Double>
    package typealias Gradient = UnsafeMutableBufferPointer<Double>

    /// Where a search ended.
    package struct Minimum {
        /// The point.
        package let point: [Double]
        /// The function's value there.
        package let value: Double
        /// Calls of the function.
        package let evaluations: Int
        /// Whether the gradient is within the tolerance.
        package let hasConverged: Bool
    }

    package init(tolerance: Double, iterations: Int) {
        self.tolerance = tolerance
        self.iterations = iterations
    }

    /// - Parameters:
    ///   - isScaled: whether the function's curvatures are about 1, so that the first step has length 1.
    ///   - size: of the gradient, which is compared with the tolerance; its largest magnitude where left out. It is
    ///     called after each accepted step.
    ///   - evaluate: the value at a point; fills the gradient.
    package func minimize(
        from start: [Double], isScaled: Bool = false, size: ((Gradient) -> Double)? = nil,
        _ evaluate: (Point, Gradient) -> Double
    ) -> Minimum {
        let count = start.count
        var search = Search(count: count, memory: Self.memory)
        defer { search.deallocate() }
        for i in 0..<count { search.point[i] = start[i] }
        var value = evaluate(Point(search.point), search.gradient), evaluations = 1, stalled = 0
        let measure = size ?? { $0.baseAddress.map { DoubleVectors.largestMagnitude($0, count) } ?? 0 }
        var smallest = measure(search.gradient), hasConverged = smallest <= tolerance
        for _ in 0..<iterations where !hasConverged {
            var slope = search.findDirection()
            if !(slope < 0) {  // rounding spoiled the memory: steepest descent again
                search.forget()
                slope = search.findDirection()
            }
            var length = search.isEmpty && !isScaled ? min(1, 1 / (-slope).squareRoot()) : 1
            var isAccepted = false, next = value
            for _ in 0..<30 where !isAccepted {
                search.move(length)
                next = evaluate(Point(search.nextPoint), search.nextGradient)
                evaluations += 1
                let nextSlope = search.nextSlope
                isAccepted =
                    next <= value + 1e-4 * length * slope
                    || next <= value + 1e-7 * abs(value) && abs(nextSlope) <= 0.9998 * abs(slope)
                if !isAccepted {
                    let bend = 2 * (next - value - length * slope)  // of the parabola with this value there
                    let least = bend > 0 ? -slope * length / bend : 0.5  // NaN becomes 0.1
                    length *= max(0.1, min(0.5, least))
                }
            }
            guard isAccepted else { break }  // at the precision of the evaluation
            search.accept()
            let size = measure(search.gradient)
            hasConverged = size <= tolerance
            // Neither the value nor the gradient gets smaller: at the precision of the evaluation, too.
            stalled = next < value - 1e-7 * abs(value) || size < smallest ? 0 : stalled + 1
            smallest = min(smallest, size)
            value = next
            if stalled == 20 { break }
        }
        return Minimum(
            point: Array(search.point), value: value, evaluations: evaluations, hasConverged: hasConverged)
    }
}

/// The vectors of a search.
private struct Search {
    let point, gradient, nextPoint, nextGradient, direction: LBFGS.Gradient
    /// Pairs of steps and gradient changes, in a ring.
    private let steps, changes: [LBFGS.Gradient]
    private var curvatures: [Double]
    private var first = 0, kept = 0

    init(count: Int, memory: Int) {
        func vector() -> LBFGS.Gradient {
            let vector = LBFGS.Gradient.allocate(capacity: count)
            vector.initialize(repeating: 0)
            return vector
        }
        (point, gradient) = (vector(), vector())
        (nextPoint, nextGradient) = (vector(), vector())
        direction = vector()
        steps = (0..<memory).map { _ in vector() }
        changes = (0..<memory).map { _ in vector() }
        curvatures = [Double](repeating: 0, count: memory)
    }

    func deallocate() {
        for vector in [point, gradient, nextPoint, nextGradient, direction] + steps + changes { vector.deallocate() }
    }

    var isEmpty: Bool { kept == 0 }

    mutating func forget() { kept = 0 }

    private func dot(_ a: LBFGS.Gradient, _ b: LBFGS.Gradient) -> Double {
        guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
        return DoubleVectors.dot(x, y, a.count)
    }

    private func add(_ a: LBFGS.Gradient, times factor: Double, to b: LBFGS.Gradient) {
        guard let x = a.baseAddress, let y = b.baseAddress else { return }
        DoubleVectors.add(x, times: factor, to: y, a.count)
    }

    private func sum(_ a: LBFGS.Gradient, _ b: LBFGS.Gradient, times factor: Double, into c: LBFGS.Gradient) {
        guard let x = a.baseAddress, let y = b.baseAddress, let z = c.baseAddress else { return }
        DoubleVectors.sum(x, y, times: factor, into: z, a.count)
    }

    /// The two-loop recursion.
    /// - Returns: the slope along the direction.
    mutating func findDirection() -> Double {
        for i in direction.indices { direction[i] = -gradient[i] }
        let places = (0..<kept).map { (first + $0) % steps.count }
        var alphas = [Double](repeating: 0, count: steps.count)
        for place in places.reversed() {
            alphas[place] = dot(steps[place], direction) / curvatures[place]
            add(changes[place], times: -alphas[place], to: direction)
        }
        if let last = places.last, let start = direction.baseAddress {
            let scale = curvatures[last] / dot(changes[last], changes[last])
            DoubleVectors.scale(start, by: scale, direction.count)
        }
        for place in places {
            let beta = dot(changes[place], direction) / curvatures[place]
            add(steps[place], times: alphas[place] - beta, to: direction)
        }
        return dot(direction, gradient)
    }

    func move(_ length: Double) { sum(point, direction, times: length, into: nextPoint) }

    var nextSlope: Double { dot(nextGradient, direction) }

    /// The next point is the point; the pair is kept where it shows curvature.
    mutating func accept() {
        let place = (first + kept) % steps.count
        sum(nextPoint, point, times: -1, into: steps[place])
        sum(nextGradient, gradient, times: -1, into: changes[place])
        let curvature = dot(steps[place], changes[place])
        if curvature > 1e-12 * dot(changes[place], changes[place]) {
            curvatures[place] = curvature
            if kept < steps.count { kept += 1 } else { first = (first + 1) % steps.count }
        }
        _ = point.update(from: nextPoint)
        _ = gradient.update(from: nextGradient)
    }
}
