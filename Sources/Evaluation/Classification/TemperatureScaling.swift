public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// One temperature for all logits, fitted so that the probabilities fit held-out labels: `softmax(logits / T)`.
///
/// ```swift
/// if let scaling = TemperatureScaling(logits: probe.logits(heldOut), labels: labels) {
///     let calibrated = scaling.probabilities(logits: probe.logits(queries))
///     print(scaling.temperature, calibrated.shape)
/// }
/// ```
///
/// The mean negative log-likelihood is convex in 1 / T: Newton's steps, kept in a shrinking interval, find its minimum
/// in T of 0.01 to 100. The predicted classes stay as they are.
///
/// - Source: Guo, Pleiss, Sun, Weinberger 2017, arXiv:1706.04599, section 4.2, eq. 9.
public struct TemperatureScaling: Sendable, Codable, Equatable {
    /// T; above 1 where the logits are too confident. At 0.01 or 100 there is no minimum between: every label is the
    /// highest logit, or the logits say nothing.
    public let temperature: Double
    /// The mean negative log-likelihood of the labels with T = 1 and with T, in nats.
    public let logLossBefore, logLossAfter: Double

    enum CodingKeys: String, CodingKey {
        case temperature
        case logLossBefore = "log_loss_before"
        case logLossAfter = "log_loss_after"
    }

    /// - Parameters:
    ///   - logits: `[N, K]`, of samples that the classifier was not fitted on; finite.
    ///   - labels: N class numbers in `0 ..< K`.
    ///   - weights: N, 0 or more; 1 each where nil.
    /// - Returns: nil without samples.
    /// - Precondition: as many of each.
    public init?(logits: Tensor, labels: [Int], weights: [Double]? = nil) {
        let rows = ProbabilityRows(logits, truth: labels, weights: weights, in: "TemperatureScaling")
        ShapeCheck.require(
            rows.values.allSatisfy(\.isFinite), "TemperatureScaling", "logits that are not finite")
        guard rows.total > 0 else { return nil }
        let inverse = Self.minimum(rows)
        temperature = 1 / inverse
        logLossBefore = Self.loss(rows, inverse: 1).value
        logLossAfter = Self.loss(rows, inverse: inverse).value
    }

    /// Probabilities of logits `[N, K]`, `[N, K]`.
    public func probabilities(logits: Tensor) -> Tensor {
        (logits.detached * Tensor(Float(1 / temperature))).softmax(axis: -1)
    }

    /// The best 1 / T.
    private static func minimum(_ rows: ProbabilityRows) -> Double {
        var low = 0.01, high = 100.0, inverse = 1.0
        let first = loss(rows, inverse: inverse).slope
        if first > 0, loss(rows, inverse: low).slope >= 0 { return low }
        if first < 0, loss(rows, inverse: high).slope <= 0 { return high }
        for _ in 0..<100 {
            let (_, slope, curvature) = loss(rows, inverse: inverse)
            if slope == 0 { return inverse }
            if slope > 0 { high = inverse } else { low = inverse }
            var next = inverse - slope / curvature
            if !(next > low && next < high) { next = (low * high).squareRoot() }
            if abs(next - inverse) <= 1e-12 * inverse { return next }
            inverse = next
        }
        return inverse
    }

    /// The mean loss, its first and second derivative by 1 / T: mean and variance of the logits under the model.
    private static func loss(
        _ rows: ProbabilityRows, inverse: Double
    ) -> (value: Double, slope: Double, curvature: Double) {
        var value = 0.0, slope = 0.0, curvature = 0.0
        for n in rows.truth.indices {
            let row = rows.row(n), label = row[row.startIndex + rows.truth[n]], top = row.max() ?? 0
            var sum = 0.0, first = 0.0, second = 0.0
            for z in row {
                let p = exp(inverse * (z - top)), distance = z - top
                sum += p
                first += p * distance
                second += p * distance * distance
            }
            let mean = first / sum, weight = rows.weight(of: n)
            value += weight * (log(sum) - inverse * (label - top))
            slope += weight * (mean - (label - top))
            curvature += weight * (second / sum - mean * mean)
        }
        return (value / rows.total, slope / rows.total, curvature / rows.total)
    }
}
