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
            table.contains("image to text") && table.contains("1.000") && table.contains("linear probe of digit") && table.contains("0.667")
        )
    }

    @Test func figuresAreNamedByTheirPath() {
        #expect(report.figures.contains { $0.name == "retrieval.image_to_text.r1" && $0.value == 1 })
    }
}
