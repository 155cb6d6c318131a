import ConcordTensors
import TestSupport
import Testing

struct NormalizationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let shape: [Int]
        var trains = true, rectifies = false, hasResidual = false, isAffine = true
        var offset: Float = 0
        var testDescription: String { name }
    }

    /// As in Tests/Fixtures/normalization.py.
    @Test(arguments: [
        Case(name: "train", shape: [3, 4, 5, 7]),
        Case(name: "train relu", shape: [2, 3, 4, 19], rectifies: true),
        Case(name: "train residual", shape: [2, 3, 4, 16], hasResidual: true),
        Case(name: "train residual relu", shape: [2, 5, 3, 33], rectifies: true, hasResidual: true),
        Case(name: "train rows", shape: [11, 67]),
        Case(name: "train plain", shape: [9, 4], rectifies: true, isAffine: false),
        Case(name: "train far", shape: [400, 3], offset: 100),
        Case(name: "evaluate", shape: [3, 4, 5, 7], trains: false),
        Case(name: "evaluate residual relu", shape: [2, 3, 4, 16], trains: false, rectifies: true, hasResidual: true),
    ])
    func overTheBatchEqualsPyTorchWithItsGradients(_ c: Case) throws {
        let fixture = Fixture("normalization")
        let channels = try #require(c.shape.last), rows = Float(c.shape.dropLast().reduce(1, *))
        let x = Tensor(hashed(c.name + " x", c.shape).scalars.map { $0 + c.offset }, shape: c.shape)
        let mean = hashed(c.name + " mean", [channels])
        let variance = Tensor(hashed(c.name + " variance", [channels]).scalars.map { abs($0) + 0.5 }, shape: [channels])
        var inputs = [x], labels = ["x"]
        if c.isAffine {
            inputs += [hashed(c.name + " w", [channels]), hashed(c.name + " b", [channels])]
            labels += ["w", "b"]
        }
        if c.hasResidual {
            inputs.append(hashed(c.name + " r", c.shape))
            labels.append("r")
        }
        var statistics: (mean: Tensor, variance: Tensor)?
        let (outputs, pullback) = valueWithPullback(of: inputs) { inputs in
            let weight = c.isAffine ? inputs[1] : nil, bias = c.isAffine ? inputs[2] : nil
            let residual = c.hasResidual ? inputs.last : nil
            guard c.trains else {
                return [
                    inputs[0].batchNormalized(
                        weight: weight, bias: bias, mean: mean, variance: variance,
                        activation: c.rectifies ? .relu : nil,
                        residual: residual)
                ]
            }
            let result = inputs[0].batchNormalized(
                weight: weight, bias: bias, activation: c.rectifies ? .relu : nil, residual: residual)
            statistics = (result.mean, result.variance)
            return [result.output]
        }
        // Far from zero a float32 mean itself is rounded by more than the bar: 100 * 2^-24 against a standard
        // deviation of 0.58.
        let tolerance: Float = c.offset == 0 ? 1e-5 : 5e-5
        expectClose(outputs[0], fixture[c.name], tolerance: tolerance, c.name)
        let gradients = pullback([hashed(c.name + " upstream", c.shape)]).1
        for (gradient, label) in zip(gradients, labels) {
            expectClose(try #require(gradient), fixture["\(c.name) d\(label)"], tolerance: tolerance, "d\(label)")
        }
        guard let statistics else { return }
        let unbiased = statistics.variance.scalars.map { $0 * rows / (rows - 1) }
        let runningMean = zip(mean.scalars, statistics.mean.scalars).map { 0.9 * $0 + 0.1 * $1 }
        let runningVariance = zip(variance.scalars, unbiased).map { 0.9 * $0 + 0.1 * $1 }
        expectClose(Tensor(runningMean, shape: [channels]), fixture[c.name + " running mean"], "running mean")
        expectClose(
            Tensor(runningVariance, shape: [channels]), fixture[c.name + " running variance"], "running variance")
    }

    @Test func overTheBatchHasTheGradientsOfCentralDifferences() {
        checkGradients(of: hashed("x", [3, 2, 2, 5]), hashed("w", [5]), hashed("b", [5]), hashed("r", [3, 2, 2, 5])) {
            $0[0].batchNormalized(weight: $0[1], bias: $0[2], epsilon: 0.1, residual: $0[3]).output
        }
        checkGradients(of: hashed("x", [3, 2, 2, 5]), hashed("w", [5]), hashed("b", [5]), hashed("r", [3, 2, 2, 5])) {
            $0[0].batchNormalized(
                weight: $0[1], bias: $0[2], mean: Tensor(zeros: [5]), variance: Tensor(ones: [5]), residual: $0[3])
        }
    }

    @Test func aConstantChannelGivesItsBias() {
        let x = Tensor(repeating: 3, shape: [4, 2])
        let result = x.batchNormalized(weight: Tensor([2, 2], shape: [2]), bias: Tensor([5, -1], shape: [2]))
        #expect(result.output.scalars == [5, -1, 5, -1, 5, -1, 5, -1])
        #expect(result.variance.scalars == [0, 0])
        #expect(result.mean.scalars == [3, 3])
    }

    @Test func aNotANumberIsNotRectifiedAway() {
        let x = Tensor([.nan, 1, 2, 3], shape: [4, 1])
        let output = x.batchNormalized(weight: nil, bias: nil, activation: .relu).output
        #expect(output.scalars.allSatisfy { $0.isNaN })
    }

    @Test(arguments: [
        ("group", [2, 4, 3, 12], 3), ("group sequence", [3, 7, 20], 20), ("group one", [2, 5, 6], 1),
        ("group rows", [3, 8], 2),
    ])
    func overGroupsEqualsPyTorchWithItsGradients(_ name: String, _ shape: [Int], _ groups: Int) throws {
        let fixture = Fixture("normalization")
        let channels = try #require(shape.last)
        let inputs = [hashed(name + " x", shape), hashed(name + " w", [channels]), hashed(name + " b", [channels])]
        let (outputs, pullback) = valueWithPullback(of: inputs) {
            [$0[0].groupNormalized(groups: groups, weight: $0[1], bias: $0[2])]
        }
        expectClose(outputs[0], fixture[name], name)
        let gradients = pullback([hashed(name + " upstream", shape)]).1
        for (gradient, label) in zip(gradients, ["x", "w", "b"]) {
            expectClose(try #require(gradient), fixture["\(name) d\(label)"], "d\(label)")
        }
    }

    @Test func overGroupsHasTheGradientsOfCentralDifferences() {
        checkGradients(of: hashed("x", [2, 3, 6]), hashed("w", [6]), hashed("b", [6])) {
            $0[0].groupNormalized(groups: 2, weight: $0[1], bias: $0[2], epsilon: 0.1)
        }
    }

    /// Over 32 MiB results are written past the caches.
    @Test(arguments: [true, false]) func largeOnesHaveTheBitsOfTheirHalves(addsResidual: Bool) {
        let x = hashed("large", [2 * 4400, 1024]), weight = hashed("large weight", [1024]),
            bias = hashed("large bias", [1024])
        let mean = hashed("large mean", [1024]), variance = Tensor(ones: [1024])
        func run(_ x: Tensor) -> [[Float]] {
            let residual = addsResidual ? x.detached * 0.5 : nil
            let (outputs, pullback) = valueWithPullback(of: [x]) {
                [
                    $0[0].batchNormalized(
                        weight: weight, bias: bias, mean: mean, variance: variance, activation: .relu,
                        residual: residual)
                ]
            }
            return (outputs + pullback([x.detached * 2]).1.compactMap { $0 }).map(\.scalars)
        }
        let whole = run(x), halves = [0..<4400, 4400..<8800].map { run(x.sliced($0, axis: 0)) }
        for (a, (b, c)) in zip(whole, zip(halves[0], halves[1])) { #expect(a == b + c) }
    }
}
