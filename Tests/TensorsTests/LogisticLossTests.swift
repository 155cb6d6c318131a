import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

struct LogisticLossTests {
    private let features = hashed("logistic x", [7, 3]), labels = [0, 2, 1, 1, 0, 2, 2], classes = 3

    private var point: [Double] { hashed("logistic point", [classes * 4]).scalars.map(Double.init) }

    @Test func atZeroItIsLnKForEveryRow() {
        let loss = LogisticLoss(features: features, labels: labels, classes: classes)
        var gradient = [Double](repeating: .nan, count: loss.parameterCount)
        let value = loss([Double](repeating: 0, count: loss.parameterCount), gradient: &gradient)
        #expect(abs(value - 7 * log(3.0)) < 1e-6)
        // Of the biases: 7 / 3 less the number of rows of each class.
        for (k, count) in [2.0, 2, 3].enumerated() { #expect(abs(gradient[9 + k] - (7.0 / 3 - count)) < 1e-6) }
    }

    @Test func theGradientMatchesDifferences() {
        let loss = LogisticLoss(features: features, labels: labels, classes: classes)
        var gradient = [Double](repeating: 0, count: loss.parameterCount), unused = gradient
        _ = loss(point, gradient: &gradient)
        let largest = gradient.map(abs).max() ?? 0
        for i in gradient.indices {
            var above = point, below = point
            above[i] += 1e-2
            below[i] -= 1e-2
            let difference = (loss(above, gradient: &unused) - loss(below, gradient: &unused)) / 2e-2
            #expect(abs(gradient[i] - difference) < 1e-3 * largest, "parameter \(i)")
        }
    }
}
