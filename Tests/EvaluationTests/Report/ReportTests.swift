import ConcordEvaluation
import ConcordLayers
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct ReportTests {
    var report: EvaluationReport {
        var report = EvaluationReport()
        let x = hashed("report", [12, 4])
        report.sections = [
            .retrieval(["image_to_text": Retrieval(queries: x, candidates: x)]),
            .linearProbe(["digit": Classification(predicted: [0, 1, 1], truth: [0, 1, 0], classes: ["a", "b"])]),
        ]
        return report
    }

    @Test func absentPartsAreLeftOutOfTheJSON() throws {
        let object = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        #expect(Set(object.keys) == ["retrieval", "linear_probe"])
        let direction = (object["retrieval"] as? [String: [String: Any]])?["image_to_text"]
        #expect(direction?["r1"] as? Double == 1)
        #expect(direction?["median_rank"] as? Double == 1)
    }

    /// A report with every kind of section and remark, its numbers all different.
    private var whole: EvaluationReport {
        let same = Tensor(ones: [101, 3]), x = hashed("report", [7, 4])
        var report = EvaluationReport()
        report.rows = EvaluatedRows(
            table: "shop/pairs.tsv", evaluated: 5, total: 40, rule: "crc32 of \"filepath\" modulo 8 is 0")
        report.sections = [
            .retrieval([
                "text_to_image": Retrieval(queries: x, candidates: x),
                "image_to_text": Retrieval(queries: Tensor(ones: [1, 3]), candidates: same, answers: [[0]]),
            ]),
            .zeroShot([
                "tone": Classification(predicted: [0, 0, 1], truth: [0, 0, 2], classes: ["dark", "pale", "red"])
            ]),
            .linearProbe([
                "digit": Classification(predicted: [0, 1, 1, 1], truth: [0, 0, 1, 1], classes: ["a", "b"])
            ]),
            .maskedWords(
                TokenPrediction(crossEntropy: 3, perplexity: 20.1, accuracy: 0.5, tokens: 7, unigramCrossEntropy: 2)),
            EvaluationSection(
                "brightness",
                [Metric("error", 0.125, isBetter: .lower), Metric("bias", -1.5, isBetter: .higher)]),
            .unknownValues(["tone": ["pale": 3]]),
            .embeddingGeometry(
                EmbeddingGeometry(
                    inputs: ["image": EmbeddingGeometry.Cloud(Tensor([1, 0, 0, 1, -1, 0, 0, -1], shape: [4, 2]))],
                    alignment: [
                        "image_text": Alignment(Tensor([1, 0], shape: [1, 2]), Tensor([0, 1], shape: [1, 2]))
                    ])),
        ]
        report.unreadable = [
            UnreadableFile(name: "a.jpg", reason: "empty"), UnreadableFile(name: "b.jpg", reason: "not an image"),
        ]
        report.note("label word: one class only (apple), nothing to tell apart")
        return report
    }

    @Test func theTableShowsEverySection() {
        let expected = """
            5 of 40 rows of shop/pairs.tsv, chosen by: crc32 of \"filepath\" modulo 8 is 0
            2 files could not be read and are left out: a.jpg: empty; b.jpg: not an image
            label tone: 3 samples have values that no training row has, left out of k-NN and linear probe: \"pale\" (3)
            label word: one class only (apple), nothing to tell apart

            retrieval                   R@1    R@5   R@10    MRR  NDCG@10  median rank  queries  candidates
            image to text             0.010  0.050  0.099  0.051    0.045         51.0        1         101
            text to image             1.000  1.000      -  1.000    1.000          1.0        7           7

            classification              accuracy  balanced accuracy    macro F1     samples     classes
            zero-shot of tone              0.667              0.500       0.333           3           3
            linear probe of digit          0.750              0.750       0.733           4           2

            zero-shot of tone, rows true, columns predicted
                                            dark        pale         red
            dark                               2           0           0
            pale                               0           0           0
            red                                0           1           0

            linear probe of digit, rows true, columns predicted
                                               a           b
            a                                  1           1
            b                                  0           2

            masked words                    nats  perplexity    accuracy  unigram nats      tokens
            held out                       3.000        20.1       0.500         2.000           7

            brightness                     error        bias
            held out                       0.125      -1.500

            embedding geometry        uniformity  effective rank  dimensions   alignment       items
            image                         -4.396             2.0           2           -           4
            image text                         -               -           -       2.000           1
            """
        #expect(whole.table == expected, "\(whole.table)")
    }

    @Test func theSummaryIsTheTableWithoutConfusionMatrices() {
        let blocks = whole.table.components(separatedBy: "\n\n").filter { !$0.contains("rows true") }
        #expect(whole.summary == blocks.joined(separator: "\n\n"))
    }

    @Test func metricsAreNamedByTheirPathAndKnowTheirDirection() {
        #expect(
            whole.metrics.map { "\($0.name) \($0.isBetter)" } == [
                "retrieval.image_to_text.r1 higher", "retrieval.image_to_text.r5 higher",
                "retrieval.image_to_text.r10 higher", "retrieval.image_to_text.median_rank lower",
                "retrieval.image_to_text.mean_rank lower", "retrieval.image_to_text.mrr higher",
                "retrieval.image_to_text.map higher", "retrieval.image_to_text.ndcg10 higher",
                "retrieval.text_to_image.r1 higher", "retrieval.text_to_image.r5 higher",
                "retrieval.text_to_image.r10 higher", "retrieval.text_to_image.median_rank lower",
                "retrieval.text_to_image.mean_rank lower", "retrieval.text_to_image.mrr higher",
                "retrieval.text_to_image.map higher", "retrieval.text_to_image.ndcg10 higher",
                "zero_shot.tone.accuracy higher", "zero_shot.tone.macro_f1 higher",
                "zero_shot.tone.balanced_accuracy higher",
                "linear_probe.digit.accuracy higher", "linear_probe.digit.macro_f1 higher",
                "linear_probe.digit.balanced_accuracy higher",
                "masked_words.cross_entropy lower", "masked_words.perplexity lower", "masked_words.accuracy higher",
                "brightness.error lower", "brightness.bias higher",
                "embedding_geometry.image.uniformity lower", "embedding_geometry.image.effective_rank higher",
                "embedding_geometry.image_text.alignment lower",
            ])
        #expect(whole.metrics.first { $0.name == "retrieval.image_to_text.median_rank" }?.value == 51)
    }

    @Test func theJSONHasEachSectionUnderItsName() throws {
        let object = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(whole)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "rows", "retrieval", "zero_shot", "linear_probe", "unknown_values", "masked_words", "brightness",
                "unreadable", "notes", "embedding_geometry",
            ])
        #expect(object["brightness"] as? [String: Double] == ["error": 0.125, "bias": -1.5])
        #expect(object["unknown_values"] as? [String: [String: Int]] == ["tone": ["pale": 3]])
        let words = try #require(object["masked_words"] as? [String: Any])
        #expect(
            Set(words.keys) == ["cross_entropy", "perplexity", "accuracy", "tokens", "unigram_cross_entropy"])
    }

    @Test func aReportComesBackFromItsJSONButForForeignSections() throws {
        var expected = whole
        let read = try JSONDecoder().decode(EvaluationReport.self, from: JSONEncoder().encode(whole))
        #expect(read.content(of: "brightness", as: [String: Double].self) == nil)
        #expect(read.retrieval == whole.retrieval && read.maskedWords == whole.maskedWords)
        expected.sections.removeAll { $0.name == "brightness" }
        #expect(Set(read.sections.map(\.name)) == Set(expected.sections.map(\.name)))
        for section in expected.sections { #expect(read.sections.contains(section)) }
        #expect(read.rows == whole.rows && read.notes == whole.notes && read.unreadable == whole.unreadable)
    }

    @Test func recallOfNoMoreCandidatesThanKIsNotShown() {
        var report = EvaluationReport()
        let x = hashed("report", [2, 4])
        report.sections = [.retrieval(["image_to_text": Retrieval(queries: x, candidates: x)])]
        #expect(
            report.table.split(separator: "\n").last?.split(separator: " ").map(String.init).suffix(8) == [
                "1.000", "-", "-", "1.000", "1.000", "1.0", "2", "2",
            ])
    }

    @Test func noLineIsWiderThanATerminal() {
        #expect(whole.table.split(separator: "\n").allSatisfy { $0.count < 100 || $0.hasPrefix("label ") })
    }

    @Test func headsOfTheTableNeverTouch() {
        var report = EvaluationReport()
        let names = ["a class of a very long name", "b"]
        let label = "a_label_column_of_a_long_name"
        report.sections = [.knn([label: Classification(predicted: [0, 1], truth: [0, 1], classes: names)])]
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
        let words = TokenPrediction(
            crossEntropy: 3, perplexity: perplexity, accuracy: 0.5, tokens: 7, unigramCrossEntropy: 2)
        report.sections = [.maskedWords(words)]
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
