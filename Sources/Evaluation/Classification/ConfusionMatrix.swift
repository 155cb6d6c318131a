import ConcordTensors

/// How often each class is predicted as each, and all that follows from it; samples may have weights.
///
/// ```swift
/// let matrix = ConfusionMatrix(predicted: [0, 1, 1], truth: [0, 1, 0], classes: 2)
/// print(matrix.balancedAccuracy ?? .nan, matrix.perClass[1].specificity ?? .nan)      // 0.75 0.5
/// ```
///
/// Values equal scikit-learn's with its default of 0 for 0 / 0 (`zero_division`); here the value of a class is then
/// nil, and an average counts it as 0. Averages are over the classes that are true or predicted for some sample.
public struct ConfusionMatrix: Sendable, Equatable {
    /// `[true][predicted]` sums of weights, K by K.
    public let counts: [[Double]]
    /// Whether a class is true or predicted for some sample, of whatever weight.
    private let isPresent: [Bool]

    /// - Parameters:
    ///   - predicted: class numbers in `0 ..< classes`.
    ///   - truth: as many.
    ///   - classes: K.
    ///   - weights: as many, 0 or more; 1 each where nil.
    /// - Precondition: as many predictions and weights as true classes, each of them one of `classes`.
    public init(predicted: [Int], truth: [Int], classes: Int, weights: [Double]? = nil) {
        self.init(predicted: predicted, truth: truth, classes: classes, weights: weights, in: "ConfusionMatrix")
    }

    init(predicted: [Int], truth: [Int], classes: Int, weights: [Double]?, in operation: String) {
        ShapeCheck.require(
            predicted.count == truth.count, operation,
            "\(predicted.count) predictions for \(truth.count) true classes")
        ShapeCheck.require(
            (predicted + truth).allSatisfy((0..<classes).contains), operation,
            "class numbers \((predicted + truth).min() ?? 0) to \((predicted + truth).max() ?? 0) with \(classes) "
                + "classes")
        SampleWeights.require(weights, count: truth.count, in: operation)
        var counts = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
        var isPresent = [Bool](repeating: false, count: classes)
        for n in truth.indices {
            counts[truth[n]][predicted[n]] += weights?[n] ?? 1
            isPresent[truth[n]] = true
            isPresent[predicted[n]] = true
        }
        (self.counts, self.isPresent) = (counts, isPresent)
    }

    /// Of whole counts.
    init(counts: [[Int]]) {
        self.counts = counts.map { $0.map(Double.init) }
        isPresent = counts.indices.map { k in
            counts[k].contains { $0 > 0 } || counts.contains { $0[k] > 0 }
        }
    }

    /// The sum of all weights.
    public var total: Double { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// Fraction predicted correctly; nil without samples.
    public var accuracy: Double? {
        Ratio.of(counts.indices.reduce(0) { $0 + counts[$1][$1] }, total)
    }

    /// The mean recall of the classes that some sample has: 1 / their number at chance, whatever the classes' sizes;
    /// nil without samples. scikit-learn's `balanced_accuracy_score`.
    public var balancedAccuracy: Double? {
        let recalls = perClass.compactMap(\.recall)
        return Ratio.of(recalls.reduce(0, +), Double(recalls.count))
    }

    /// Precision, recall, specificity and F1 of each class against the rest, in the order of their numbers.
    public var perClass: [ClassScores] {
        let total = total
        return counts.indices.map { k in
            let hits = counts[k][k], support = counts[k].reduce(0, +), predicted = counts.reduce(0) { $0 + $1[k] }
            return ClassScores(
                precision: Ratio.of(hits, predicted), recall: Ratio.of(hits, support),
                specificity: Ratio.of(max(0, total - support - predicted + hits), total - support),
                f1: Ratio.of(2 * hits, support + predicted), support: support, predicted: predicted)
        }
    }

    /// Unweighted means over classes; nil without samples.
    public var macro: ClassAverages? { average { _ in 1 } }

    /// Means over classes weighted by their support; nil without samples.
    public var weighted: ClassAverages? { average(\.support) }

    /// Of all decisions of all classes together; where each sample has one class, all three are the accuracy.
    public var micro: ClassAverages? {
        accuracy.map { ClassAverages(precision: $0, recall: $0, f1: $0) }
    }

    private func average(_ weight: (ClassScores) -> Double) -> ClassAverages? {
        var sum = 0.0, precision = 0.0, recall = 0.0, f1 = 0.0
        for (scores, isPresent) in zip(perClass, isPresent) where isPresent {
            let weight = weight(scores)
            sum += weight
            precision += weight * (scores.precision ?? 0)
            recall += weight * (scores.recall ?? 0)
            f1 += weight * (scores.f1 ?? 0)
        }
        guard sum > 0 else { return nil }
        return ClassAverages(precision: precision / sum, recall: recall / sum, f1: f1 / sum)
    }
}

/// How well one class is distinguished from the rest.
public struct ClassScores: Sendable, Codable, Equatable {
    /// Fraction of the samples predicted as this class that are of it; nil where none is predicted as it.
    public let precision: Double?
    /// Fraction of the class's samples that are predicted as it, its sensitivity; nil where there are none.
    public let recall: Double?
    /// Fraction of the other classes' samples that are not predicted as it; nil where there are none.
    public let specificity: Double?
    /// The harmonic mean of precision and recall, `2 hits / (support + predicted)`; nil where both are 0.
    public let f1: Double?
    /// Weight of the samples of the class: their number where they have no weights.
    public let support: Double
    /// Weight of the samples predicted as the class.
    public let predicted: Double

    /// Recall by its name in medicine.
    public var sensitivity: Double? { recall }
}

/// Averages over classes.
public struct ClassAverages: Sendable, Codable, Equatable {
    /// In `0...1`.
    public let precision, recall, f1: Double
}

/// Quotients of counts.
enum Ratio {
    /// Nil for a denominator of 0.
    static func of(_ part: Double, _ whole: Double) -> Double? { whole > 0 ? part / whole : nil }
}

/// Checks of weights that a caller gives.
enum SampleWeights {
    static func require(_ weights: [Double]?, count: Int, in operation: String) {
        guard let weights else { return }
        ShapeCheck.require(
            weights.count == count && weights.allSatisfy { $0 >= 0 && $0.isFinite }, operation,
            "\(weights.count) weights from \(weights.min() ?? 0) for \(count) samples: as many wanted, 0 or more")
    }
}
