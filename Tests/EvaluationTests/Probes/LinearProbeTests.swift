import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct LinearProbeTests {
    let training = ProbeSamples.training, test = ProbeSamples.test, fixture = ProbeSamples.fixture

    private func probe(
        _ labels: [Int]? = nil, classes: Int = 6, strength: Double = 1, weights: ClassWeights = .uniform,
        samples: [Double]? = nil
    ) -> LinearProbe {
        LinearProbe(
            features: training.features, labels: labels ?? training.labels, classes: classes, strength: strength,
            classWeights: weights, sampleWeights: samples)
    }

    @Test(arguments: ["plain", "strong", "balanced"])
    func theOptimumIsScikitLearns(name: String) {
        let probe = probe(strength: name == "strong" ? 0.01 : 1, weights: name == "balanced" ? .balanced : .uniform)
        #expect(probe.hasConverged)
        expectClose(probe.weight, fixture["\(name).weight"], tolerance: 1e-3)
        expectClose(probe.bias, fixture["\(name).bias"], tolerance: 1e-3)
        let objective = ProbeSamples.values("\(name).objective")[0]
        #expect(abs(probe.objective - objective) < 1e-6 * objective, "\(probe.objective) for \(objective)")
        let accuracy = ProbeSamples.accuracy(probe.classify(test.features))
        #expect(abs(accuracy - ProbeSamples.values("\(name).accuracy")[0]) < 0.002, "\(accuracy)")
    }

    @Test func weightsOfSamplesAndClassesMultiply() {
        let probe = probe(
            weights: .given((0..<6).map { 1 + Double($0) }), samples: (0..<1200).map { 0.25 + Double($0 % 4) })
        expectClose(probe.weight, fixture["weighted.weight"], tolerance: 1e-3)
        expectClose(probe.bias, fixture["weighted.bias"], tolerance: 1e-3)
    }

    @Test func samplesOfWeightZeroAreAsIfAbsent() {
        let without = LinearProbe(
            features: training.features.gathered(at: Tensor((0..<600).map(Int32.init), shape: [600])),
            labels: Array(training.labels[..<600]), classes: 6)
        // Weights do not weigh in the standardization: compare with equal moments only.
        let with = LinearProbe(
            features: .concatenated([training.features, training.features], axis: 0),
            labels: training.labels + training.labels.map { ($0 + 1) % 6 }, classes: 6,
            sampleWeights: [Double](repeating: 1, count: 1200) + [Double](repeating: 0, count: 1200))
        let plain = probe()
        expectClose(with.weight, plain.weight, tolerance: 1e-3)
        #expect(without.classify(test.features) != with.classify(test.features))
    }

    @Test func twoClassesHaveOneWeightVector() {
        let probe = probe(training.labels.map { $0 % 2 }, classes: 2)
        let difference = (0..<24).map { probe.weight.scalars[24 + $0] - probe.weight.scalars[$0] }
        expectClose(Tensor(difference, shape: [24]), fixture["two.weight"], tolerance: 1e-3)
        #expect(abs(probe.bias.scalars[1] - probe.bias.scalars[0] - fixture["two.bias"].scalars[0]) < 1e-3)
        let objective = ProbeSamples.values("two.objective")[0]
        #expect(abs(probe.objective - objective) < 1e-6 * objective)
    }

    @Test func aClassWithoutSamplesIsNeverPredicted() {
        let rows = training.labels.indices.filter { training.labels[$0] != 3 }
        let probe = LinearProbe(
            features: training.features.gathered(at: Tensor(rows.map(Int32.init), shape: [rows.count])),
            labels: rows.map { training.labels[$0] }, classes: 6)
        let weight = probe.weight.scalars
        #expect(weight[72..<96].allSatisfy { $0 == 0 } && probe.bias.scalars[3] == -.infinity)
        expectClose(
            Tensor(Array(weight[..<72] + weight[96...]), shape: [5, 24]), fixture["absent.weight"], tolerance: 1e-3)
        let predicted = probe.classify(test.features)
        let theirs = fixture["absent.predicted"].integerScalars.map(Int.init)
        #expect(zip(predicted, theirs).filter { $0 != $1 }.count <= 1 && !predicted.contains(3))
        let row = probe.probabilities(test.features).scalars[..<6]
        #expect(abs(row.reduce(0, +) - 1) < 1e-5 && row[3] == 0)
    }

    @Test func oneClassAloneIsPredictedForAll() {
        let probe = probe([Int](repeating: 2, count: 1200), classes: 4)
        #expect(probe.hasConverged && Set(probe.classify(test.features)) == [2])
    }

    @Test func equalSamplesGiveEqualBits() {
        let first = probe(), second = probe()
        #expect(first.weight.scalars == second.weight.scalars && first.bias.scalars == second.bias.scalars)
    }

    /// Wide features of few samples, where no covariance is computed; columns that repeat each other; and one that does
    /// not change. At the minimum the gradient of the sum is zero, which the weights must show: computed here from the
    /// probabilities.
    @Test(arguments: [(60, 400), (400, 30)]) func theGradientIsZeroAtTheMinimum(rows: Int, columns: Int) {
        var x = hashed("wide", [rows, columns]).scalars
        for n in 0..<rows {
            x[n * columns + 1] = x[n * columns]
            x[n * columns + 2] = 7
        }
        let features = Tensor(x, shape: [rows, columns]), labels = (0..<rows).map { $0 * 7 / 5 % 3 }
        let probe = LinearProbe(features: features, labels: labels, classes: 3)
        #expect(probe.hasConverged)
        let p = probe.probabilities(features).scalars, w = probe.weight.scalars
        var mean = [Double](repeating: 0, count: columns), squares = mean
        for i in x.indices { mean[i % columns] += Double(x[i]) / Double(rows) }
        for i in x.indices {
            let distance = Double(x[i]) - mean[i % columns]
            squares[i % columns] += distance * distance
        }
        for k in 0..<3 {
            for d in 0..<columns {
                let std = squares[d] > 1e-12 ? (squares[d] / Double(rows)).squareRoot() : 1
                var gradient = Double(w[k * columns + d])
                for n in 0..<rows {
                    let residual = Double(p[n * 3 + k]) - (labels[n] == k ? 1 : 0)
                    gradient += residual * (Double(x[n * columns + d]) - mean[d]) / std
                }
                #expect(abs(gradient) < 3e-6 * Double(rows), "class \(k), column \(d)")
            }
        }
    }

    @Test func theStrengthIsChosenAsALoopOverFitsChoosesIt() {
        let (probe, choice) = LinearProbe.choosingStrength(
            features: training.features, labels: training.labels, classes: 6,
            validation: .rows((0..<1200).filter { $0 % 5 == 0 }))
        let theirs = ProbeSamples.values("strength.accuracy")
        #expect(choice.validationCount == 240 && choice.trials.count == 9)
        for (trial, accuracy) in zip(choice.trials, theirs) {
            #expect(abs(trial.accuracy - accuracy) < 0.005, "C \(trial.strength): \(trial.accuracy) for \(accuracy)")
        }
        let best = choice.trials.map(\.accuracy).max()
        #expect(choice.strength == choice.trials.first { $0.accuracy == best }?.strength, "the smallest of equal ones")
        let again = LinearProbe(
            features: training.features, labels: training.labels, classes: 6, strength: choice.strength)
        expectClose(probe.weight, again.weight, tolerance: 1e-3)
    }

    @Test func withoutRowsToValidateOnTheStrengthIsThatNearestToOne() {
        let features = hashed("few", [3, 4])
        let (probe, choice) = LinearProbe.choosingStrength(
            features: features, labels: [0, 1, 2], classes: 3, strengths: [0.01, 2, 100])
        #expect(choice.strength == 2 && choice.trials.isEmpty && choice.validationCount == 0)
        #expect(probe.classify(features) == [0, 1, 2])
    }

    @Test func aValidationFractionLeavesARowOfEachClass() {
        let labels = [Int](repeating: 0, count: 40) + [1, 2, 2]
        let (_, choice) = LinearProbe.choosingStrength(
            features: hashed("uneven", [43, 4]), labels: labels, classes: 3, strengths: [1],
            validation: .fraction(0.2), key: RandomKey(seed: 5))
        #expect(choice.validationCount == 9)  // 43 rows, of which 34 are fitted to
    }

    /// Every row but that of a class of one is validated on once, classes in proportion.
    @Test func foldsAreOfAllRowsAndOfEachClass() {
        let labels = [Int](repeating: 0, count: 40) + [Int](repeating: 1, count: 10) + [2]
        let splits = ProbeValidation.folds(5).splits(labels: labels, key: RandomKey(seed: 3))
        #expect(splits.count == 5 && splits.flatMap(\.validation).sorted() == Array(0..<50))
        for rows in splits {
            #expect(Set(rows.training).isDisjoint(with: rows.validation) && rows.training.contains(50))
            #expect(rows.validation.filter { labels[$0] == 0 }.count == 8)
            #expect(rows.validation.filter { labels[$0] == 1 }.count == 2)
        }
        #expect(splits.map(\.validation) != (0..<5).map { i in (0..<50).filter { $0 % 5 == i } }, "in random order")
    }

    @Test func theStrengthIsChosenByFoldsAsALoopOverThemChoosesIt() {
        let rows = 0..<120, features = training.features.gathered(at: Tensor(rows.map(Int32.init), shape: [120]))
        let labels = Array(training.labels[rows]), key = RandomKey(seed: 4)
        let (_, choice) = LinearProbe.choosingStrength(
            features: features, labels: labels, classes: 6, strengths: [0.01, 1, 100], key: key)
        let splits = ProbeValidation.folds(5).splits(labels: labels, key: key.derived("probe validation"))
        func some(_ rows: [Int]) -> Tensor { features.gathered(at: Tensor(rows.map(Int32.init), shape: [rows.count])) }
        for trial in choice.trials {
            let correct = splits.map { rows in
                let probe = LinearProbe(
                    features: some(rows.training), labels: rows.training.map { labels[$0] }, classes: 6,
                    strength: trial.strength)
                return zip(probe.classify(some(rows.validation)), rows.validation).filter { $0 == labels[$1] }.count
            }
            #expect(abs(trial.accuracy - Double(correct.reduce(0, +)) / 120) <= 2.0 / 120, "C \(trial.strength)")
        }
        #expect(choice.validationCount == 120 && choice.trials.count == 3)
    }
}
