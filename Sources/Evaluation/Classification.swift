/// How predicted classes compare with the true ones.
public struct Classification: Sendable, Codable, Equatable {
    /// Share predicted right; chance is 1 / K for balanced classes.
    public let accuracy: Double
    /// Mean over classes of the harmonic mean of precision and recall; a class never seen nor predicted counts as 0.
    public let macroF1: Double
    /// `[true][predicted]` counts, K by K.
    public let confusion: [[Int]]
    public let classes: [String]

    enum CodingKeys: String, CodingKey {
        case accuracy, confusion, classes
        case macroF1 = "macro_f1"
    }

    /// - Parameters:
    ///   - predicted: class numbers in `0 ..< classes.count`.
    ///   - truth: as many.
    public init(predicted: [Int], truth: [Int], classes: [String]) {
        precondition(predicted.count == truth.count)
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
        for (guess, label) in zip(predicted, truth) { confusion[label][guess] += 1 }
        let right = classes.indices.reduce(0) { $0 + confusion[$1][$1] }
        accuracy = Double(right) / Double(max(1, truth.count))
        let scores = classes.indices.map { k -> Double in
            let hits = Double(confusion[k][k])
            let total = Double(confusion[k].reduce(0, +) + confusion.reduce(0) { $0 + $1[k] })
            return total > 0 ? 2 * hits / total : 0
        }
        macroF1 = scores.reduce(0, +) / Double(max(1, classes.count))
        self.confusion = confusion
        self.classes = classes
    }
}
