import ConcordTensors

/// How predicted classes compare with the true ones.
///
///     {"accuracy": …, "macro_f1": …, "confusion": [[…]], "classes": […], "balanced_accuracy": …,
///      "macro": {"precision": …, "recall": …, "f1": …}, "weighted": {…}, "micro": {…},
///      "per_class": [{"precision": …, "recall": …, "specificity": …, "f1": …, "support": 12, "predicted": 9}],
///      "probabilities": {…}}
///
/// What is undefined is left out of the JSON, and nil here.
public struct Classification: Sendable, Equatable {
    /// Fraction predicted correctly; chance is 1 / K for balanced classes. 0 without samples.
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
    /// Mean recall of the classes that some sample has; nil without samples.
    public let balancedAccuracy: Double?
    /// Precision, recall and F1 averaged over the classes that are true or predicted for some sample: each counted
    /// once, by its support, and all decisions together. Nil without samples.
    public let macro, weighted, micro: ClassAverages?
    /// Of each class against the rest, in the order of `classes`.
    public let perClass: [ClassScores]
    /// What the classes' probabilities are worth; nil where only classes were given.
    public let probabilities: ProbabilityMetrics?

    /// - Parameters:
    ///   - predicted: class numbers in `0 ..< classes.count`.
    ///   - truth: as many.
    ///   - classes: the classes' names.
    ///   - probabilities: measured on the same samples, where there are any.
    /// - Precondition: as many predictions as true classes, each of them one of `classes`.
    public init(predicted: [Int], truth: [Int], classes: [String], probabilities: ProbabilityMetrics? = nil) {
        let matrix = ConfusionMatrix(
            predicted: predicted, truth: truth, classes: classes.count, weights: nil, in: "Classification")
        self.init(matrix, confusion: matrix.counts.map { $0.map { Int($0) } }, classes, probabilities)
    }

    private init(
        _ matrix: ConfusionMatrix, confusion: [[Int]], _ classes: [String], _ probabilities: ProbabilityMetrics?
    ) {
        accuracy = matrix.accuracy ?? 0
        macroF1 = matrix.macro?.f1 ?? 0
        balancedAccuracy = matrix.balancedAccuracy
        macro = matrix.macro
        weighted = matrix.weighted
        micro = matrix.micro
        perClass = matrix.perClass
        (self.confusion, self.classes) = (confusion, classes)
        self.probabilities = probabilities
    }
}

extension Classification: Codable {
    enum CodingKeys: String, CodingKey {
        case accuracy, confusion, classes, macro, weighted, micro, probabilities
        case macroF1 = "macro_f1"
        case balancedAccuracy = "balanced_accuracy"
        case perClass = "per_class"
    }

    /// From the confusion matrix, of which the rest is a function.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let confusion = try container.decode([[Int]].self, forKey: .confusion)
        let classes = try container.decode([String].self, forKey: .classes)
        guard confusion.count == classes.count,
            confusion.allSatisfy({ $0.count == classes.count && $0.allSatisfy { $0 >= 0 } })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .confusion, in: container,
                debugDescription: "a matrix of counts for \(classes.count) classes wanted")
        }
        self.init(
            ConfusionMatrix(counts: confusion), confusion: confusion, classes,
            try container.decodeIfPresent(ProbabilityMetrics.self, forKey: .probabilities))
    }
}
