import ConcordTensors

/// How well scores distinguish anomalies from normal samples.
public struct AnomalyDetection: Sendable, Codable, Equatable {
    /// The probability that an anomaly has a higher score than a normal sample; 0.5 at chance. Nil where one kind is
    /// missing.
    public let auroc: Double?
    /// Average precision of the anomalies; their fraction at chance. Nil without anomalies.
    public let averagePrecision: Double?
    /// Numbers of samples.
    public let anomalies, normal: Int

    enum CodingKeys: String, CodingKey {
        case auroc, anomalies, normal
        case averagePrecision = "average_precision"
    }

    /// - Parameters:
    ///   - scores: N numbers, higher for what is more likely an anomaly.
    ///   - isAnomaly: N.
    /// - Precondition: as many of each.
    public init(scores: [Double], isAnomaly: [Bool]) {
        let curve = ThresholdCurve(scores: scores, isPositive: isAnomaly)
        auroc = curve.auroc
        averagePrecision = curve.averagePrecision
        anomalies = isAnomaly.count { $0 }
        normal = isAnomaly.count - anomalies
    }
}
