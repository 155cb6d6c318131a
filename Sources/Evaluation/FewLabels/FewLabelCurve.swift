public import ConcordTensors

/// A metric over few labels: for each amount of labels its mean over several draws, with an interval.
///
/// ```swift
/// let curve = FewLabelCurve(labels: labels, amounts: [.fraction(0.01), .fraction(0.1), .perClass(5)]) { few in
///     let probe = LinearProbe(features: training.gathered(at: few.indices), labels: few.labels, classes: 10)
///     return Classification(predicted: probe.classify(test), truth: truth, classes: names).accuracy
/// }
/// ```
/// All of the labels are drawn once: every draw would be the same.
public struct FewLabelCurve: Sendable, Codable, Equatable {
    /// The metric at one amount of labels.
    public struct Point: Sendable, Codable, Equatable {
        /// How many labels.
        public let amount: LabelAmount
        /// Samples in a draw.
        public let count: Int
        /// The metric of each draw.
        public let scores: [Double]
        /// Their mean.
        public let mean: Double
        /// Their standard deviation, with n - 1; nil of one draw.
        public let std: Double?
        /// Half the width of the 95 % interval of the mean, `t std / sqrt(n)` with the quantile t of Student's
        /// distribution for n - 1 degrees of freedom at 0.975; nil of one draw.
        public let interval: Double?
        /// The most classes in a draw with fewer samples than requested.
        public let shortClassCount: Int
        /// The most classes in a draw with no sample in it.
        public let absentClassCount: Int

        enum CodingKeys: String, CodingKey {
            case amount, count, scores, mean, std, interval
            case shortClassCount = "short_class_count"
            case absentClassCount = "absent_class_count"
        }

        /// - Parameter scores: of at least one draw.
        public init(
            amount: LabelAmount, count: Int, scores: [Double], shortClassCount: Int = 0, absentClassCount: Int = 0
        ) {
            ShapeCheck.require(!scores.isEmpty, "FewLabelCurve", "no draw of \(amount)")
            let n = Double(scores.count), mean = scores.reduce(0, +) / n
            let squares = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let std = scores.count > 1 ? (squares / (n - 1)).squareRoot() : nil
            self.amount = amount
            self.count = count
            self.scores = scores
            self.mean = mean
            self.std = std
            interval = std.map {
                StudentDistribution(degrees: scores.count - 1).quantile(0.975) * $0 / n.squareRoot()
            }
            self.shortClassCount = shortClassCount
            self.absentClassCount = absentClassCount
        }
    }

    /// In the order of the amounts.
    public let points: [Point]

    /// - Parameters:
    ///   - labels: class numbers of all rows that may be drawn.
    ///   - amounts: of labels.
    ///   - draws: of each amount, at least 1; draw d of any amount has the key `key(d)`.
    ///   - score: fits to the rows of a draw and returns the metric.
    public init<E: Error>(
        labels: [Int], amounts: [LabelAmount], draws: Int = 5,
        key: (_ draw: Int) -> RandomKey = { RandomKey(seed: 0).derived("draw", $0) },
        _ score: (LabelSubset) throws(E) -> Double
    ) throws(E) {
        ShapeCheck.require(draws > 0, "FewLabelCurve", "\(draws) draws")
        var points: [Point] = []
        for amount in amounts {
            var scores: [Double] = [], short = 0, absent = 0, count = 0
            for draw in 0..<draws {
                let subset = LabelSubset(labels: labels, amount: amount, key: key(draw))
                scores.append(try score(subset))
                count = subset.rows.count
                short = max(short, subset.shortClasses.count)
                absent = max(absent, subset.absentClasses.count)
                if count == labels.count { break }
            }
            points.append(
                Point(
                    amount: amount, count: count, scores: scores, shortClassCount: short, absentClassCount: absent))
        }
        self.points = points
    }
}
