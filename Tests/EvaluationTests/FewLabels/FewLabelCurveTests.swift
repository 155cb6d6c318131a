import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct FewLabelCurveTests {
    let training = ProbeSamples.training, test = ProbeSamples.test, fixture = ProbeSamples.fixture

    /// Over the rows that a loop in Python drew.
    @Test(arguments: ["0.02", "0.1"], ["probe", "neighbors"])
    func curvesEqualALoopInPython(fraction: String, method: String) {
        let drawn = fixture["curve.\(fraction).rows"], count = drawn.shape[1]
        let scores = (0..<5).map { draw -> Double in
            let rows = drawn.integerScalars[draw * count..<(draw + 1) * count]
            let features = training.features.gathered(at: Tensor(Array(rows), shape: [count]))
            let labels = rows.map { training.labels[Int($0)] }
            let predicted =
                method == "probe"
                ? LinearProbe(features: features, labels: labels, classes: 6).classify(test.features)
                : NearestNeighbors(embeddings: features, labels: labels, classes: 6, k: 20).classify(test.features)
            return ProbeSamples.accuracy(predicted)
        }
        let theirs = ProbeSamples.values("curve.\(fraction).\(method)")
        for draw in 0..<5 { #expect(abs(scores[draw] - theirs[draw]) < 0.003, "draw \(draw)") }
        let amount = LabelAmount.fraction(fraction == "0.1" ? 0.1 : 0.02)
        let point = FewLabelCurve.Point(amount: amount, count: count, scores: scores)
        #expect(abs(point.mean - theirs[5]) < 0.001 && abs((point.std ?? 0) - theirs[6]) < 0.001)
        #expect(abs((point.interval ?? 0) - theirs[7]) < 0.001)
        // The mean, the standard deviation and the interval of their own scores.
        let same = FewLabelCurve.Point(amount: amount, count: count, scores: Array(theirs[..<5]))
        #expect(abs(same.mean - theirs[5]) < 1e-6 && abs((same.std ?? 0) - theirs[6]) < 1e-6)
        #expect(abs((same.interval ?? 0) - theirs[7]) < 1e-6)
    }

    @Test(arguments: zip([2, 3, 5, 10, 30, 201], 0..<6)) func intervalsAreStudents(draws: Int, place: Int) {
        // Scores of mean 0 and standard deviation 1: the interval is t / sqrt(n).
        let n = Double(draws), edge = ((n - 1) / 2).squareRoot()
        let scores = [edge, -edge] + [Double](repeating: 0, count: draws - 2)
        let point = FewLabelCurve.Point(amount: .perClass(1), count: 1, scores: scores)
        let t = ProbeSamples.values("t")[place]
        #expect(abs((point.interval ?? 0) * n.squareRoot() - t) < 2e-7 * t)
    }

    @Test func aCurveScoresItsDrawsInOrder() throws {
        let labels = training.labels, key = RandomKey(seed: 9)
        var seen: [LabelSubset] = []
        let curve = FewLabelCurve(
            labels: labels, amounts: [.fraction(0.01), .perClass(300), .fraction(1)], draws: 3,
            key: { key.derived("draw", $0) }
        ) { subset in
            seen.append(subset)
            return Double(subset.rows.reduce(0, +))
        }
        #expect(curve.points.map(\.scores.count) == [3, 3, 1], "all of the labels are drawn once")
        #expect(curve.points[0].count == 12 && curve.points[2].count == 1200)
        for draw in 0..<3 {
            #expect(seen[draw] == LabelSubset(labels: labels, fraction: 0.01, key: key.derived("draw", draw)))
            #expect(curve.points[0].scores[draw] == Double(seen[draw].rows.reduce(0, +)))
        }
        #expect(curve.points[2].std == nil && curve.points[2].interval == nil)
        let sizes = (0..<6).map { label in labels.filter { $0 == label }.count }
        #expect(curve.points[1].shortClassCount == sizes.filter { $0 < 300 }.count)
        struct Failure: Error {}
        #expect(throws: Failure.self) {
            try FewLabelCurve(labels: [0, 1], amounts: [.perClass(1)]) { _ in throw Failure() }
        }
    }
}
