import ConcordTensors

/// True and false positives at every distinct threshold of a score, with the areas that summarize them.
///
/// ```swift
/// let curve = ThresholdCurve(scores: [0.9, 0.4, 0.4, 0.1], isPositive: [true, true, false, false])
/// print(curve.auroc ?? .nan)                                                          // 0.875: a tie is half
/// ```
///
/// Samples of equal score cross a threshold together, so that their order never matters.
///
/// - Source: scikit-learn's `roc_auc_score` and `average_precision_score`, which these equal.
public struct ThresholdCurve: Sendable, Equatable {
    /// The distinct scores of samples that have a weight, the highest first.
    public let thresholds: [Double]
    /// Weight of the positives, and of the negatives, with at least that score.
    public let truePositives, falsePositives: [Double]
    /// Weight of all.
    public let positives, negatives: Double

    /// - Parameters:
    ///   - scores: N numbers, higher for what is more likely positive. Where one is not a number, both areas are nil.
    ///   - isPositive: N.
    ///   - weights: N, 0 or more; 1 each where nil.
    /// - Precondition: as many of each.
    public init(scores: [Double], isPositive: [Bool], weights: [Double]? = nil) {
        ShapeCheck.require(
            scores.count == isPositive.count, "ThresholdCurve",
            "\(scores.count) scores for \(isPositive.count) samples")
        SampleWeights.require(weights, count: scores.count, in: "ThresholdCurve")
        var thresholds: [Double] = [], hits: [Double] = [], misses: [Double] = []
        var positives = 0.0, negatives = 0.0
        let hasAllScores = !scores.contains(where: \.isNaN)
        for n in scores.indices.sorted(by: { scores[$0] > scores[$1] }) where hasAllScores {
            let weight = weights?[n] ?? 1
            guard weight > 0 else { continue }
            if isPositive[n] { positives += weight } else { negatives += weight }
            if thresholds.last == scores[n] {
                hits[hits.count - 1] = positives
                misses[misses.count - 1] = negatives
            } else {
                thresholds.append(scores[n])
                hits.append(positives)
                misses.append(negatives)
            }
        }
        self.thresholds = thresholds
        (truePositives, falsePositives) = (hits, misses)
        (self.positives, self.negatives) = (positives, negatives)
    }

    /// The area under the ROC curve: the probability that a positive has a higher score than a negative, ties counted
    /// half; 0.5 at chance. Nil without positives or without negatives.
    public var auroc: Double? {
        guard positives > 0, negatives > 0 else { return nil }
        var area = 0.0, hits = 0.0, misses = 0.0
        for i in thresholds.indices {
            area += (falsePositives[i] - misses) * (truePositives[i] + hits) / 2
            hits = truePositives[i]
            misses = falsePositives[i]
        }
        return area / (positives * negatives)
    }

    /// Average precision `sum (R_n - R_(n-1)) P_n` over the distinct thresholds; the fraction of positives at chance.
    /// Nil without positives (scikit-learn warns and returns 0); 1 without negatives.
    public var averagePrecision: Double? {
        guard positives > 0 else { return nil }
        var sum = 0.0, hits = 0.0
        for i in thresholds.indices {
            sum += (truePositives[i] - hits) * truePositives[i] / (truePositives[i] + falsePositives[i])
            hits = truePositives[i]
        }
        return sum / positives
    }
}
