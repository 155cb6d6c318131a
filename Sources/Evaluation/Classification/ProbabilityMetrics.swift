public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// What probabilities of classes are worth, beyond which one is the highest.
///
/// ```swift
/// let metrics = ProbabilityMetrics(probabilities: probe.logits(queries).softmax(), truth: labels)
/// print(metrics.logLoss ?? .nan, metrics.auroc.macro ?? .nan, metrics.calibration.expectedError ?? .nan)
/// ```
public struct ProbabilityMetrics: Sendable, Codable, Equatable {
    /// Mean of `-ln p` of the true class, in nats; `ln K` for equal probabilities. Probabilities are kept from 0 and 1
    /// by 2^-52, as in scikit-learn's `log_loss`. Nil without samples.
    public let logLoss: Double?
    /// Mean of `sum over classes (p - y)^2`, in `0...2`; of two classes half of it, in `0...1`: scikit-learn's
    /// `brier_score_loss`. Nil without samples.
    ///
    /// - Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
    public let brier: Double?
    /// The area under the ROC curve of each class against the rest.
    public let auroc: OneAgainstRest
    /// The average precision of each class against the rest.
    public let averagePrecision: OneAgainstRest
    /// How far the highest probability differs from the accuracy.
    public let calibration: Calibration

    enum CodingKeys: String, CodingKey {
        case brier, auroc, calibration
        case logLoss = "log_loss"
        case averagePrecision = "average_precision"
    }

    /// - Parameters:
    ///   - probabilities: `[N, K]`; each row sums to 1.
    ///   - truth: N class numbers in `0 ..< K`.
    ///   - weights: N, 0 or more; 1 each where nil.
    ///   - bins: of the reliability diagram.
    /// - Precondition: as many of each; probabilities in `0...1`.
    public init(probabilities: Tensor, truth: [Int], weights: [Double]? = nil, bins: Int = 15) {
        let rows = ProbabilityRows(probabilities, truth: truth, weights: weights, in: "ProbabilityMetrics")
        rows.requireProbabilities(in: "ProbabilityMetrics")
        let classes = rows.classes
        logLoss = rows.mean { n in
            -log(min(max(rows.values[n * classes + truth[n]], Double.ulpOfOne), 1 - Double.ulpOfOne))
        }
        brier = rows.mean { n in
            var sum = 0.0
            for (k, p) in rows.row(n).enumerated() {
                let error = p - (k == truth[n] ? 1 : 0)
                sum += error * error
            }
            return classes == 2 ? sum / 2 : sum
        }
        let curves = (0..<classes).map { k in
            ThresholdCurve(scores: rows.column(k), isPositive: truth.map { $0 == k }, weights: weights)
        }
        auroc = OneAgainstRest(curves.map(\.auroc))
        averagePrecision = OneAgainstRest(curves.map(\.averagePrecision))
        calibration = Calibration(rows, bins: bins)
    }
}

/// A metric of each class against the rest.
public struct OneAgainstRest: Sendable, Codable, Equatable {
    /// In the order of the classes; nil (null in JSON) where the class has no samples or there are no others.
    public let perClass: [Double?]
    /// The mean over classes that have one; nil where none has.
    public let macro: Double?
    /// Number of classes that have none.
    public let undefined: Int

    enum CodingKeys: String, CodingKey {
        case macro, undefined
        case perClass = "per_class"
    }

    init(_ perClass: [Double?]) {
        self.perClass = perClass
        let defined = perClass.compactMap { $0 }
        macro = Ratio.of(defined.reduce(0, +), Double(defined.count))
        undefined = perClass.count - defined.count
    }
}
