import ConcordTensors

/// How predicted classes compare with the true ones.
public struct Classification: Sendable, Codable, Equatable {
    /// Fraction predicted correctly; chance is 1 / K for balanced classes.
    public let accuracy: Double
    /// Mean of the F1 scores (the harmonic mean of precision and recall) of the classes that are true or predicted for
    /// some sample.
    ///
    /// A class of `classes` that no sample has and none is predicted to have is excluded, as in scikit-learn's
    /// `f1_score(truth, predicted, average="macro")`; 0 without samples.
    public let macroF1: Double
    /// `[true][predicted]` counts, K by K.
    public let confusion: [[Int]]
    /// The classes' names, in the order of their labels.
    public let classes: [String]

    enum CodingKeys: String, CodingKey {
        case accuracy, confusion, classes
        case macroF1 = "macro_f1"
    }

    /// - Parameters:
    ///   - predicted: class numbers in `0 ..< classes.count`.
    ///   - truth: as many.
    /// - Precondition: as many predictions as true classes, each of them one of `classes`.
    public init(predicted: [Int], truth: [Int], classes: [String]) {
        ShapeCheck.require(
            predicted.count == truth.count, "Classification",
            "\(predicted.count) predictions for \(truth.count) true classes")
        ShapeCheck.require(
            (predicted + truth).allSatisfy(classes.indices.contains), "Classification",
            "class numbers \((predicted + truth).min() ?? 0) to \((predicted + truth).max() ?? 0) with "
                + "\(classes.count) classes")
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
        for (guess, label) in zip(predicted, truth) { confusion[label][guess] += 1 }
        let correct = classes.indices.reduce(0) { $0 + confusion[$1][$1] }
        accuracy = Double(correct) / Double(max(1, truth.count))
        let scores = classes.indices.compactMap { k -> Double? in
            let total = confusion[k].reduce(0, +) + confusion.reduce(0) { $0 + $1[k] }
            return total > 0 ? 2 * Double(confusion[k][k]) / Double(total) : nil
        }
        macroF1 = scores.reduce(0, +) / Double(max(1, scores.count))
        self.confusion = confusion
        self.classes = classes
    }
}
