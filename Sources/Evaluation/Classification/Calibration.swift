public import ConcordTensors

/// Whether a classifier is right as often as its highest probability says.
///
/// Samples are put into M bins of equal width by the highest probability of their classes, the confidence, of which a
/// bin takes `(m - 1) / M < confidence <= m / M`; 0 belongs to the first.
///
///     ECE = sum over bins of  weight of the bin / weight of all * |accuracy - confidence|
///
/// - Source: Guo, Pleiss, Sun, Weinberger 2017, arXiv:1706.04599, eq. 3 and 5; M = 15 as there.
public struct Calibration: Sendable, Codable, Equatable {
    /// A bar of the reliability diagram.
    public struct Bin: Sendable, Codable, Equatable {
        /// The confidences that belong to it: above `lower`, at most `upper`.
        public let lower, upper: Double
        /// Weight of its samples: their number where they have no weights.
        public let count: Double
        /// Their accuracy and their mean confidence; nil where there are none.
        public let accuracy, confidence: Double?
    }

    /// The expected calibration error, in `0...1`; nil without samples.
    public let expectedError: Double?
    /// The largest error of a bin with samples; nil without samples.
    public let maximumError: Double?
    /// By confidence, M of them.
    public let bins: [Bin]

    enum CodingKeys: String, CodingKey {
        case bins
        case expectedError = "ece"
        case maximumError = "mce"
    }

    /// - Parameters:
    ///   - probabilities: `[N, K]`; each row sums to 1.
    ///   - truth: N class numbers in `0 ..< K`.
    ///   - weights: N, 0 or more; 1 each where nil.
    ///   - bins: M, at least 1.
    /// - Precondition: as many of each; probabilities in `0...1`.
    public init(probabilities: Tensor, truth: [Int], weights: [Double]? = nil, bins: Int = 15) {
        let rows = ProbabilityRows(probabilities, truth: truth, weights: weights, in: "Calibration")
        rows.requireProbabilities(in: "Calibration")
        self.init(rows, bins: bins)
    }

    init(_ rows: ProbabilityRows, bins count: Int) {
        ShapeCheck.require(count > 0, "Calibration", "\(count) bins")
        let edges = (0...count).map { Double($0) / Double(count) }
        var weights = [Double](repeating: 0, count: count), hits = weights, confidences = weights
        for n in rows.truth.indices where rows.classes > 0 {
            let (label, confidence) = rows.top(of: n), weight = rows.weight(of: n)
            var bin = min(count - 1, Int(confidence * Double(count)))
            if bin > 0, confidence <= edges[bin] { bin -= 1 }
            if bin < count - 1, confidence > edges[bin + 1] { bin += 1 }
            weights[bin] += weight
            confidences[bin] += weight * confidence
            if label == rows.truth[n] { hits[bin] += weight }
        }
        bins = (0..<count).map { bin in
            Bin(
                lower: edges[bin], upper: edges[bin + 1], count: weights[bin],
                accuracy: Ratio.of(hits[bin], weights[bin]), confidence: Ratio.of(confidences[bin], weights[bin]))
        }
        let errors = bins.map { abs(($0.accuracy ?? 0) - ($0.confidence ?? 0)) }
        expectedError = Ratio.of(zip(errors, weights).reduce(0) { $0 + $1.0 * $1.1 }, rows.total)
        maximumError = rows.total > 0 ? errors.max() : nil
    }
}
