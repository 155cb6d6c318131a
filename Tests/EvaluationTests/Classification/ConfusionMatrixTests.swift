import ConcordEvaluation
import Foundation
import Testing

@Suite struct ConfusionMatrixTests {
    /// Of six classes, 4 is never true, 5 never predicted, 3 neither.
    static var samples: (truth: [Int], predicted: [Int]) {
        var truth = MetricsFixture.integers("truth", 97, below: 6)
        var predicted = MetricsFixture.integers("predicted", 97, below: 6)
        let agree = MetricsFixture.hashed("agree", 97)
        for n in 0..<97 {
            if agree[n] > 0 { predicted[n] = truth[n] }
            if truth[n] == 3 { truth[n] = 0 }
            if predicted[n] == 3 { predicted[n] = 1 }
            if truth[n] == 4 { truth[n] = 2 }
            if predicted[n] == 5 { predicted[n] = 0 }
        }
        return (truth, predicted)
    }

    private func expect(_ matrix: ConfusionMatrix, _ name: String) {
        MetricsFixture.expect([matrix.accuracy], "\(name).accuracy")
        MetricsFixture.expect([matrix.balancedAccuracy], "\(name).balanced")
        for (average, key) in [(matrix.macro, "macro"), (matrix.weighted, "weighted"), (matrix.micro, "micro")] {
            MetricsFixture.expect([average?.precision, average?.recall, average?.f1], "\(name).\(key)")
        }
        let scores = matrix.perClass
        let columns: [[Double?]] = [
            scores.map(\.precision), scores.map(\.recall), scores.map(\.f1), scores.map(\.specificity),
            scores.map(\.support),
        ]
        MetricsFixture.expect(columns.flatMap { $0 }, "\(name).per_class")
    }

    @Test func absentClassesAndEmptyPredictionsAreScikitLearns() {
        let (truth, predicted) = Self.samples
        expect(ConfusionMatrix(predicted: predicted, truth: truth, classes: 6), "classes")
        let weights = MetricsFixture.weights("weights", 97)
        expect(ConfusionMatrix(predicted: predicted, truth: truth, classes: 6, weights: weights), "weighted")
    }

    @Test func oneClassIsScikitLearns() {
        let truth = [Int](repeating: 2, count: 5)
        expect(ConfusionMatrix(predicted: truth, truth: truth, classes: 6), "one")
        expect(ConfusionMatrix(predicted: truth.map { $0 - 1 }, truth: truth, classes: 6), "wrong")
    }

    @Test func whatIsUndefinedIsAbsent() {
        let empty = ConfusionMatrix(predicted: [], truth: [], classes: 2)
        #expect(empty.accuracy == nil && empty.balancedAccuracy == nil && empty.macro == nil && empty.micro == nil)
        let scores = ConfusionMatrix(predicted: [0, 0], truth: [0, 1], classes: 3).perClass
        #expect(scores[1].precision == nil && scores[1].recall == 0 && scores[1].f1 == 0)
        #expect(scores[2].precision == nil && scores[2].recall == nil && scores[2].f1 == nil)
        #expect(scores[2].specificity == 1 && scores[0].sensitivity == 1 && scores[0].specificity == 0)
        #expect(ConfusionMatrix(predicted: [0], truth: [0], classes: 1).perClass[0].specificity == nil)
    }

    @Test func aClassificationHasTheSameInItsJSON() throws {
        let (truth, predicted) = Self.samples, names = ["a", "b", "c", "d", "e", "f"]
        let found = Classification(predicted: predicted, truth: truth, classes: names)
        let matrix = ConfusionMatrix(predicted: predicted, truth: truth, classes: 6)
        #expect(found.accuracy == matrix.accuracy && found.macroF1 == matrix.macro?.f1)
        #expect(found.perClass == matrix.perClass && found.weighted == matrix.weighted)
        let data = try JSONEncoder().encode(found)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "accuracy", "macro_f1", "confusion", "classes", "balanced_accuracy", "macro", "weighted", "micro",
                "per_class",
            ])
        #expect(object["balanced_accuracy"] as? Double == matrix.balancedAccuracy)
        let classes = try #require(object["per_class"] as? [[String: Any]])
        #expect(Set(classes[0].keys) == ["precision", "recall", "specificity", "f1", "support", "predicted"])
        #expect(Set(classes[3].keys) == ["specificity", "support", "predicted"], "undefined ones are left out")
        #expect(try JSONDecoder().decode(Classification.self, from: data) == found)
    }

    @Test func aReportOfEarlierVersionsIsRead() throws {
        let json = #"{"accuracy": 0.5, "macro_f1": 0.3, "confusion": [[1, 0], [1, 0]], "classes": ["a", "b"]}"#
        let read = try JSONDecoder().decode(Classification.self, from: Data(json.utf8))
        #expect(read == Classification(predicted: [0, 0], truth: [0, 1], classes: ["a", "b"]))
        let wrong = json.replacingOccurrences(of: "[1, 0]]", with: "[1]]")
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Classification.self, from: Data(wrong.utf8))
        }
    }
}
