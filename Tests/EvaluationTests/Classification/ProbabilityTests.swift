import ConcordEvaluation
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct ProbabilityTests {
    private let scores = MetricsFixture.hashed("scores", 97).map { ($0 * 8).rounded(.toNearestOrEven) / 8 }
    private let weights = MetricsFixture.weights("weights", 97)
    private var positive: [Bool] {
        zip(MetricsFixture.hashed("positive", 97), scores).map { $0 + 0.4 * $1 > 0.3 }
    }
    private var truth: [Int] { MetricsFixture.file["y"].integerScalars.map(Int.init) }

    @Test func tiedScoresHaveTheAreasOfScikitLearn() {
        let curve = ThresholdCurve(scores: scores, isPositive: positive)
        MetricsFixture.expect([curve.auroc], "auroc")
        MetricsFixture.expect([curve.averagePrecision], "ap")
        let columns = [
            curve.falsePositives.map { $0 / curve.negatives }, curve.truePositives.map { $0 / curve.positives },
            curve.thresholds,
        ]
        MetricsFixture.expect(columns.flatMap { $0 }, "roc")
        let weighted = ThresholdCurve(scores: scores, isPositive: positive, weights: weights)
        MetricsFixture.expect([weighted.auroc], "auroc.weighted")
        MetricsFixture.expect([weighted.averagePrecision], "ap.weighted")
        let all = ThresholdCurve(scores: scores, isPositive: scores.map { _ in true })
        #expect(all.auroc == nil)
        MetricsFixture.expect([all.averagePrecision], "ap.all")
        let none = ThresholdCurve(scores: scores, isPositive: scores.map { _ in false })
        #expect(none.auroc == nil && none.averagePrecision == nil)
        let unknown = ThresholdCurve(scores: [0.5, .nan], isPositive: [true, false])
        #expect(unknown.auroc == nil && unknown.averagePrecision == nil)
    }

    @Test func anAreaIsTheProbabilityOfTheRightOrder() throws {
        var order = 0.0, count = 0.0
        for (a, isPositive) in zip(scores, positive) where isPositive {
            for (b, isOther) in zip(scores, positive) where !isOther {
                count += 1
                if a > b { order += 1 }
                if a == b { order += 0.5 }
            }
        }
        let area = try #require(ThresholdCurve(scores: scores, isPositive: positive).auroc)
        #expect(abs(area - order / count) < 1e-12)
    }

    private func expect(_ metrics: ProbabilityMetrics, _ name: String) {
        MetricsFixture.expect([metrics.logLoss], "\(name).log_loss")
        MetricsFixture.expect([metrics.brier], "\(name).brier")
        MetricsFixture.expect(metrics.auroc.perClass, "\(name).auroc")
        MetricsFixture.expect(metrics.averagePrecision.perClass, "\(name).ap")
        MetricsFixture.expect([metrics.calibration.expectedError], "\(name).ece")
        MetricsFixture.expect(
            metrics.calibration.bins.flatMap { [$0.count, $0.accuracy, $0.confidence] }, "\(name).bins")
        let errors = metrics.calibration.bins.compactMap { bin in bin.accuracy.map { abs($0 - (bin.confidence ?? 0)) } }
        #expect(metrics.calibration.maximumError == errors.max())
    }

    @Test func probabilitiesAreMeasuredAsByScikitLearn() throws {
        let file = MetricsFixture.file, all = ProbabilityMetrics(probabilities: file["p"], truth: truth)
        expect(all, "probabilities")
        MetricsFixture.expect([all.auroc.macro], "probabilities.macro")
        #expect(all.auroc.undefined == 1 && all.auroc.perClass[3] == nil && all.averagePrecision.undefined == 1)
        expect(
            ProbabilityMetrics(probabilities: file["p"], truth: truth, weights: weights), "probabilities.weighted")
        expect(ProbabilityMetrics(probabilities: file["two"], truth: truth.map { min(1, $0) }), "two")
        expect(ProbabilityMetrics(probabilities: file["sure"], truth: [0, 1, 1, 2]), "sure")
        let read = try JSONDecoder().decode(ProbabilityMetrics.self, from: JSONEncoder().encode(all))
        #expect(read == all)
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(all)) as? [String: Any]
        #expect(
            try Set(#require(object).keys) == ["log_loss", "brier", "auroc", "average_precision", "calibration"])
    }

    @Test func noSamplesLeaveAllUndefined() {
        let none = ProbabilityMetrics(probabilities: Tensor(zeros: [0, 3]), truth: [])
        #expect(none.logLoss == nil && none.brier == nil && none.auroc.macro == nil && none.auroc.undefined == 3)
        #expect(none.calibration.expectedError == nil && none.calibration.maximumError == nil)
    }

    @Test func aConfidenceOnAnEdgeBelongsToTheLowerBin() {
        let edges = Tensor([0.5, 0.5, 0.75, 0.25, 1, 0], shape: [3, 2])
        let bins = Calibration(probabilities: edges, truth: [0, 1, 0], bins: 4).bins
        #expect(bins.map(\.count) == [0, 1, 1, 1])
        #expect(bins[1].accuracy == 1 && bins[2].accuracy == 0 && bins[3].confidence == 1)
        #expect(bins.map(\.upper) == [0.25, 0.5, 0.75, 1])
    }

    @Test func theTemperatureIsTheMinimum() throws {
        let logits = MetricsFixture.file["logits"]
        let scaling = try #require(TemperatureScaling(logits: logits, labels: truth))
        MetricsFixture.expect([scaling.temperature, scaling.logLossBefore, scaling.logLossAfter], "temperature")
        let weighted = try #require(TemperatureScaling(logits: logits, labels: truth, weights: weights))
        MetricsFixture.expect(
            [weighted.temperature, weighted.logLossBefore, weighted.logLossAfter], "temperature.weighted")
        let scaled = ProbabilityMetrics(probabilities: scaling.probabilities(logits: logits), truth: truth)
        #expect(abs(try #require(scaled.logLoss) - scaling.logLossAfter) < 1e-5)
    }

    @Test func aTemperatureWithoutAMinimumIsAtItsLimit() throws {
        let sure = Tensor([3, 0, 0, 2], shape: [2, 2])
        #expect(abs(try #require(TemperatureScaling(logits: sure, labels: [0, 1])).temperature - 0.01) < 1e-12)
        #expect(abs(try #require(TemperatureScaling(logits: sure, labels: [1, 0])).temperature - 100) < 1e-9)
        let flat = try #require(TemperatureScaling(logits: Tensor(ones: [2, 2]), labels: [0, 1]))
        #expect(flat.temperature == 1)
        #expect(TemperatureScaling(logits: Tensor(zeros: [0, 2]), labels: []) == nil)
    }

    @Test func wrongProbabilitiesAreNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ProbabilityMetrics(probabilities: Tensor([2, -1], shape: [1, 2]), truth: [0])
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("ProbabilityMetrics: probabilities in 0...1 wanted, values are -1.0 to 2.0"))
    }
}
