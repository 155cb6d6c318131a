import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct ProbeTests {
    let labels = (0..<90).map { $0 * 7 / 5 % 4 }

    var features: Tensor {
        var x = hashed("probe.x", [90, 7]).scalars
        for n in 0..<90 {
            if labels[n] == 1 { x[n * 7 + 1] += 0.8 }
            if labels[n] == 2 { x[n * 7 + 2] -= 0.9 }
            x[n * 7 + 6] = 0.25
        }
        return Tensor(x, shape: [90, 7])
    }

    var queries: Tensor {
        var q = hashed("probe.q", [40, 7]).scalars
        for n in 0..<40 { q[n * 7 + 6] = 0.25 }
        return Tensor(q, shape: [40, 7])
    }

    @Test func theLinearProbeIsScikitLearns() {
        let fixture = Fixture("evaluation")
        let probe = LinearProbe(features: features, labels: labels, classes: 4)
        expectClose(probe.weight, fixture["probe.weight"], tolerance: 1e-3)
        expectClose(probe.bias, fixture["probe.bias"], tolerance: 1e-3)
        #expect(probe.classify(queries) == fixture["probe.predicted"].integerScalars.map(Int.init))
    }

    @Test func nearestNeighboursVoteAsTheReference() {
        let fixture = Fixture("evaluation")
        let neighbors = NearestNeighbors(embeddings: features, labels: labels, classes: 4, k: 20)
        #expect(neighbors.classify(queries) == fixture["knn.predicted"].integerScalars.map(Int.init))
    }

    @Test func macroF1IsScikitLearns() {
        let fixture = Fixture("evaluation")
        let report = Classification(
            predicted: fixture["probe.predicted"].integerScalars.map(Int.init), truth: (0..<40).map { $0 % 4 },
            classes: ["a", "b", "c", "d"])
        #expect(abs(Float(report.macroF1) - fixture["f1"].scalars[0]) < 1e-6)
        #expect(report.confusion.allSatisfy { $0.reduce(0, +) == 10 })
    }

    @Test func aSentenceIsFilledAtItsBraces() {
        #expect(ZeroShot.fill("a photo of a {}, small", with: "cat") == "a photo of a cat, small")
        #expect(ZeroShot.fill("photo", with: "cat") == "photo cat")
    }

    @Test func zeroShotAveragesTemplatesAsUnitVectors() {
        let shot = ZeroShot(classes: ["x", "y"], templates: ["{}", "the {}"]) { sentences in
            Tensor(
                sentences.flatMap { $0.hasSuffix("x") ? [Float(5), 0] : [0, $0 == "y" ? 1 : 9] },
                shape: [sentences.count, 2])
        }
        expectClose(shot.classEmbeddings, Tensor([1, 0, 0, 1], shape: [2, 2]))
        #expect(shot.classify(Tensor([2, 1, 1, 3], shape: [2, 2])) == [0, 1])
    }
}
