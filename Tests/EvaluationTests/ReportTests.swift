import ConcordEvaluation
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct ReportTests {
    var report: EvaluationReport {
        var report = EvaluationReport()
        let x = hashed("report", [12, 4])
        report.retrieval = ["image_to_text": Retrieval(queries: x, candidates: x)]
        report.linearProbe = ["digit": Classification(predicted: [0, 1, 1], truth: [0, 1, 0], classes: ["a", "b"])]
        return report
    }

    @Test func absentPartsAreLeftOutOfTheJSON() throws {
        let object = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        #expect(Set(object.keys) == ["retrieval", "linear_probe"])
        let direction = (object["retrieval"] as? [String: [String: Any]])?["image_to_text"]
        #expect(direction?["r1"] as? Double == 1)
        #expect(direction?["median_rank"] as? Double == 1)
    }

    @Test func theTableShowsEveryPart() {
        let table = report.table
        #expect(
            table.contains("image to text") && table.contains("1.000") && table.contains("linear probe of digit")
                && table.contains("0.667")
        )
    }

    @Test func figuresAreNamedByTheirPath() {
        #expect(report.metrics.contains { $0.name == "retrieval.image_to_text.r1" && $0.value == 1 })
    }

    @Test func recallOfNoMoreCandidatesThanKIsNotShown() {
        var report = EvaluationReport()
        let x = hashed("report", [2, 4])
        report.retrieval = ["image_to_text": Retrieval(queries: x, candidates: x)]
        #expect(
            report.table.split(separator: "\n").last?.split(separator: " ").map(String.init).suffix(6) == [
                "1.000", "-", "-", "1.0", "2", "2",
            ])
    }

    @Test func headsOfTheTableNeverTouch() {
        var report = EvaluationReport()
        let names = ["a class of a very long name", "b"]
        let label = "a_label_column_of_a_long_name"
        report.knn = [label: Classification(predicted: [0, 1], truth: [0, 1], classes: names)]
        let lines = report.table.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("k-NN of \(label)  ") && $0.contains(" 1.000 ") })
        #expect(lines.contains { $0.contains("a class of a very l…  ") && $0.hasSuffix("  b") })
    }

    @Test(arguments: [
        (1e24, "1.000e+24"), (429_450_660.04, "429450660.0"), (1.7976931348623157e308, "1.797e+308"), (.infinity, "-"),
        (.nan, "-"),
        (5e12, "5.000e+12"),
    ])
    func numbersOfAnySizePrint(perplexity: Double, text: String) {
        var report = EvaluationReport()
        report.maskedWords = MaskedWords(
            crossEntropy: 3, perplexity: perplexity, accuracy: 0.5, tokens: 7, unigramCrossEntropy: 2)
        #expect(report.table.contains("  \(text)  "), "\(report.table)")
    }

    @Test func macroF1LeavesOutClassesThatAreNeitherTrueNorPredicted() {
        // sklearn.metrics.f1_score([0, 0, 1, 1, 1], [0, 1, 1, 1, 3], average="macro") = 0.4444444444444444
        // (scikit-learn 1.9.1): 2/3 of class 0, 2/3 of class 1, 0 of class 3, which is predicted only; class 2 is
        // neither and left out.
        let report = Classification(
            predicted: [0, 1, 1, 1, 3], truth: [0, 0, 1, 1, 1], classes: ["a", "b", "c", "d"])
        #expect(abs(report.macroF1 - 0.4444444444444444) < 1e-12)
        #expect(abs(report.accuracy - 0.6) < 1e-12)
    }
}
