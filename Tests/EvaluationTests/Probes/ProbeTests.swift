import ConcordEvaluation
import ConcordTensors
import Foundation
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
        expectClose(probe.weight, fixture["probe.weight"], tolerance: 2e-5)
        expectClose(probe.bias, fixture["probe.bias"], tolerance: 2e-5)
        #expect(probe.classify(queries) == fixture["probe.predicted"].integerScalars.map(Int.init))
    }

    @Test func nearestNeighboursVoteAsTheReference() {
        let fixture = Fixture("evaluation")
        let neighbors = NearestNeighbors(embeddings: features, labels: labels, classes: 4, k: 20)
        #expect(neighbors.classify(queries) == fixture["knn.predicted"].integerScalars.map(Int.init))
    }

    @Test func lBFGSFindsTheMinimumOfAnIllConditionedQuadratic() {
        // f(x) = 1/2 sum c_i (x_i - i)^2, its curvatures from 1 to 10^4
        let curvatures = (0..<9).map { pow(10, Double($0) / 2) }
        var evaluations = 0
        let x = LBFGS(tolerance: 1e-9, iterations: 1000).minimize(from: [Double](repeating: 0, count: 9)) {
            point, gradient in
            evaluations += 1
            var value = 0.0
            for i in point.indices {
                let distance = point[i] - Double(i)
                value += curvatures[i] * distance * distance / 2
                gradient[i] = curvatures[i] * distance
            }
            return value
        }.point
        for i in x.indices { #expect(abs(x[i] - Double(i)) <= 1e-9 / curvatures[i], "\(x)") }
        #expect(evaluations < 200, "steepest descent takes tens of thousands")
    }

    @Test func equalNeighborsVoteByTheirOrderAndEqualVotesByTheirClass() {
        let east = Tensor([1, 0, 1, 0, 1, 0, 0, 1], shape: [4, 2]), query = Tensor([1, 0], shape: [1, 2])
        func classify(_ labels: [Int], k: Int, temperature: Float = 0.1) -> [Int] {
            NearestNeighbors(embeddings: east, labels: labels, classes: 3, k: k, temperature: temperature)
                .classify(query)
        }
        #expect(classify([2, 1, 1, 0], k: 1) == [2], "of three equal ones the first")
        #expect(classify([2, 1, 1, 0], k: 3) == [1])
        #expect(classify([2, 1, 0, 0], k: 3) == [0], "of three equal votes the first class")
        #expect(classify([2, 1, 1, 0], k: 200) == [1], "all vote where there are fewer than k")
    }

    @Test func theTemperatureWeighsOneNearNeighborAgainstTwoFarOnes() {
        // cosines 1, 0.8 and 0.8: exp(-0.2 / t) twice against 1
        let embeddings = Tensor([1, 0, 0.8, 0.6, 0.8, -0.6], shape: [3, 2]), query = Tensor([1, 0], shape: [1, 2])
        func classify(_ temperature: Float) -> [Int] {
            NearestNeighbors(embeddings: embeddings, labels: [0, 1, 1], classes: 2, temperature: temperature)
                .classify(query)
        }
        #expect(classify(0.2 / 0.7) == [0] && classify(0.2 / 0.68) == [1], "ln 2 is 0.693")
    }

    @Test func wrongClassNumbersAreNamed() async {
        let labels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Classification(predicted: [0, 2], truth: [0, 1], classes: ["a", "b"])
        }
        #expect(text(labels).contains("Classification: class numbers 0 to 2 with 2 classes"))
        let counts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Classification(predicted: [0, 1], truth: [0], classes: ["a", "b"])
        }
        #expect(text(counts).contains("Classification: 2 predictions for 1 true classes"))
        let neighbors = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = NearestNeighbors(embeddings: Tensor(ones: [2, 2]), labels: [0, 3], classes: 2)
        }
        #expect(text(neighbors).contains("NearestNeighbors: labels 0 to 3 with 2 classes"))
    }

    private func text(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
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

    @Test func aTemplateWithoutBracesEndsWithTheName() {
        var sentences: [String] = []
        let shot = ZeroShot(classes: ["cat", "dog"], templates: ["a photo of a"]) { given in
            sentences = given
            return Tensor([0, 1, 1, 0], shape: [2, 2])
        }
        #expect(sentences == ["a photo of a cat", "a photo of a dog"])
        #expect(shot.classify(Tensor([1, 0], shape: [1, 2])) == [1])
    }
}
