import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct RidgeProbeTests {
    let training = ProbeSamples.training.features, test = ProbeSamples.test.features
    let targets = ProbeSamples.targets(ProbeSamples.training.features, "probes.noise")
    let truth = ProbeSamples.targets(ProbeSamples.test.features, "probes.noise.test")

    @Test(arguments: [1.0, 300]) func theOptimumIsScikitLearns(penalty: Double) {
        let probe = RidgeProbe(features: training, targets: targets, penalty: penalty), name = "ridge.\(Int(penalty))"
        let weights = ProbeSamples.values(name + ".weight"), metrics = ProbeSamples.values(name + ".metrics")
        for d in weights.indices { #expect(abs(probe.weight[d] - weights[d]) < 1e-6) }
        #expect(abs(probe.bias - ProbeSamples.values(name + ".bias")[0]) < 1e-6)
        let found = RegressionMetrics(predicted: probe.predict(test), truth: truth)
        #expect(abs((found.r2 ?? 0) - metrics[0]) < 1e-6 && abs(found.mae - metrics[1]) < 1e-6)
    }

    @Test func featuresThatDependOnEachOtherShareTheirWeight() {
        // Two equal columns and a constant one, with hardly any penalty.
        let x = hashed("column", [50, 1])
        let features = Tensor.concatenated([x, x, Tensor(ones: [50, 1])], axis: 1)
        let targets = x.scalars.map { 4 * Double($0) + 1 }
        let probe = RidgeProbe(features: features, targets: targets, penalty: 1e-6)
        #expect(abs(probe.weight[0] - probe.weight[1]) < 1e-6 && abs(probe.weight[2]) < 1e-9)
        for (predicted, target) in zip(probe.predict(features), targets) { #expect(abs(predicted - target) < 1e-5) }
    }

    @Test func thePenaltyOfTheLeastErrorIsChosen() {
        // Sixty features of noise beside one that says all: without a penalty they are fitted too.
        let noise = hashed("noise", [90, 60]), signal = hashed("signal", [90, 1])
        let features = Tensor.concatenated([signal, noise], axis: 1)
        let targets = zip(signal.scalars, hashed("error", [90]).scalars).map { Double($0) + Double($1) }
        let (probe, choice) = RidgeProbe.choosingPenalty(
            features: features, targets: targets, validation: .rows(Array(60..<90)))
        let errors = choice.trials.map { trial in
            let own = RidgeProbe(
                features: features.sliced(0..<60, axis: 0), targets: Array(targets[..<60]), penalty: trial.penalty)
            return RegressionMetrics(
                predicted: own.predict(features.sliced(60..<90, axis: 0)), truth: Array(targets[60...])).rmse
        }
        #expect(choice.validationCount == 30 && choice.trials.map(\.penalty) == RidgeProbe.defaultPenalties)
        let best = errors.indices.min { errors[$0] < errors[$1] }
        #expect(choice.penalty == best.map { choice.trials[$0].penalty })
        #expect(choice.penalty > 1 && choice.penalty < 1e5)
        #expect(probe.weight == RidgeProbe(features: features, targets: targets, penalty: choice.penalty).weight)
    }

    @Test func metricsOfNumbersByHand() {
        let found = RegressionMetrics(predicted: [1, 2, 5], truth: [1, 3, 2])  // mean 2, spread 2, squares 10
        #expect(found.r2 == -4 && abs(found.mae - 4.0 / 3) < 1e-15 && found.count == 3)
        #expect(abs(found.rmse - (10.0 / 3).squareRoot()) < 1e-15)
        let equal = RegressionMetrics(predicted: [1, 2], truth: [0.1, 0.1])
        #expect(equal.r2 == nil && abs(equal.mae - 1.4) < 1e-15)
        #expect(RegressionMetrics(predicted: [], truth: []) == RegressionMetrics(predicted: [], truth: []))
    }
}
