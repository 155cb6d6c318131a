import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

struct TrainerTests {
    @Test func theLossFallsAndTheRunEndsWithItsSchedule() throws {
        let objective = TinyObjective(dropout: 0)
        var losses: [Float] = []
        let trainer = Trainer(
            objective, optimizer: AdamW(learningRate: 0.03), schedule: .cosine(warmup: 5, total: 90),
            evaluation: .every(89) {
                losses.append(0)
                return []
            }, progress: .silent)
        let before = evaluate(objective)
        #expect(try trainer.train(on: points(of: 4)) == .finished)
        #expect(trainer.step == 90)
        #expect(evaluate(objective) < 0.2 * before)
        #expect(losses.count == 2, "evaluated at step 89 and at the end")
    }

    private func evaluate(_ objective: TinyObjective) -> Float {
        points(of: 37).epoch(0).reduce(0) { sum, batch in sum + ((try? objective(batch.get()).total.item) ?? .nan) }
    }

    @Test func theLoopByHandDoesWhatTheTrainerDoes() throws {
        let schedule = Schedule.linear(warmup: 2, total: 18)
        let objective = TinyObjective().initialize(seed: 9), optimizer = AdamW(learningRate: 0.02)
        let batches = points(of: 4)
        var step = 0
        for epoch in 0..<2 {
            for batch in batches.epoch(epoch) {
                let points = try batch.get()
                let (_, gradients) = valueWithGradient(step: step, seed: 9) { objective(points) }
                try optimizer.update(
                    objective, with: gradients.clipped(toNorm: 0.7), learningRateFactor: schedule.factor(at: step))
                step += 1
            }
        }
        let trainer = Trainer(
            TinyObjective(), optimizer: AdamW(learningRate: 0.02), schedule: schedule, clip: 0.7, seed: 9,
            progress: .silent)
        try trainer.train(on: batches)
        for (name, values) in objective.values {
            let other = trainer.objective.values[name] ?? []
            expectClose(Tensor(other, shape: [other.count]), Tensor(values, shape: [values.count]), name)
        }
    }

    @Test func accumulationEqualsOneLargeBatchForAMeanLoss() throws {
        func train(of size: Int, accumulate: Int) throws -> [String: [Float]] {
            let objective = TinyObjective(dropout: 0)
            let batches = points(of: size, shuffle: false, dropLast: false)  // 37 = 4 x 9 + 1 = 12 x 3 + 1
            let trainer = Trainer(
                objective, optimizer: SGD(learningRate: 0.1), clip: 0.5, accumulate: accumulate, seed: 7,
                progress: .silent)
            try trainer.train(on: batches, epochs: 2)
            #expect(trainer.step == 8)
            return objective.values.filter { $0.key != "running_mean" }
        }
        let parts = try train(of: 4, accumulate: 3), whole = try train(of: 12, accumulate: 1)
        #expect(parts.count == 5)
        for (name, values) in whole {
            expectClose(Tensor(parts[name] ?? [], shape: [values.count]), Tensor(values, shape: [values.count]), name)
        }
    }

    @Test func aPartThatSomeBatchesLackIsTheMeanOfTheOthers() throws {
        /// Part `odd` is there in every second batch.
        final class Sometimes: Objective {
            let weight = Parameter([1, 6], .zeros)
            func callAsFunction(_ batch: Points) -> Loss {
                let first = Float(batch.ids.integerScalars[0])
                let loss = batch.x.linear(weight: weight.value).mean()
                let odd = first == 4 ? [(name: "odd", value: Tensor(first))] : []
                return Loss(loss, parts: [("all", Tensor(first))] + odd, metrics: odd)
            }
        }
        let folder = TemporaryFolder(), batches = points(of: 4, shuffle: false)  // the first ids are 0, 4, 8, 1, …
        let trainer = Trainer(
            Sometimes(), optimizer: SGD(learningRate: 0.1), accumulate: 3, metrics: folder.file("metrics"),
            progress: .silent)
        try trainer.train(on: batches, steps: 1)
        let line = try String(contentsOfFile: folder.file("metrics"), encoding: .utf8)
        #expect(line.contains("\"parts\":{\"all\":4.0,\"odd\":4.0},\"metrics\":{\"odd\":4.0}"), "\(line)")
    }

    @Test func anUpdateOfUnequalBatchesWeighsSamplesEqually() throws {
        func train(of size: Int, accumulate: Int) throws -> [Float] {
            let objective = TinyObjective(dropout: 0)
            let batches = points(of: size, shuffle: false, dropLast: false)  // 30 + 7
            try Trainer(objective, optimizer: SGD(learningRate: 0.1), accumulate: accumulate, progress: .silent).train(
                on: batches, epochs: 1)
            return objective.first.stored.scalars
        }
        let parts = try train(of: 30, accumulate: 2), whole = try train(of: 37, accumulate: 1)
        expectClose(Tensor(parts, shape: [48]), Tensor(whole, shape: [48]))
    }

    @Test func aLossThatIsNotFiniteStopsWithThePartAndTheParameter() throws {
        final class Poisoned: Objective {
            let inner = TinyObjective()
            func callAsFunction(_ batch: Points) -> Loss {
                let loss = inner(batch)
                return Loss(loss.total, parts: [("fine", Tensor(1)), ("squared_error", loss.total)])
            }
        }
        let objective = Poisoned()
        let trainer = Trainer(
            objective, optimizer: SGD(learningRate: 0.01),
            evaluation: .every(3) {
                objective.inner.second.assign(Tensor(repeating: .infinity, shape: [1, 8]))
                return []
            }, progress: .silent)
        let error = #expect(throws: TrainingError.self) { try trainer.train(on: points(of: 4), epochs: 1) }
        guard case .notFinite(let step, let loss, let culprit) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(step == 4)
        #expect(loss.contains("\"squared_error\""))
        #expect(culprit == "the value of inner.second")
    }

    @Test func aGradientThatIsNotFiniteStopsBeforeTheUpdate() throws {
        final class Steep: Objective {
            let a = Parameter([2], .ones), b = Parameter([2], .ones)
            func callAsFunction(_ batch: Points) -> Loss {
                Loss(
                    Tensor(1).recorded(from: a.value, b.value) { _, _ in
                        [Tensor(ones: [2]), Tensor([0, .nan], shape: [2])]
                    })
            }
        }
        let objective = Steep()
        #expect(
            throws: TrainingError.notFinite(
                step: 1, loss: "the gradient is not finite, the loss is 1.0", culprit: "the gradient of b")
        ) {
            try Trainer(objective, optimizer: SGD(learningRate: 1), progress: .silent).train(
                on: points(of: 4), epochs: 1)
        }
        #expect(objective.a.stored.scalars == [1, 1])
    }

    @Test func frozenParametersStay() throws {
        let objective = TinyObjective()
        objective.initialize(seed: 0)
        let before = objective.values
        try objective.freeze(matching: ["t*", "first"])
        try Trainer(objective, optimizer: AdamW(learningRate: 0.1), progress: .silent).train(
            on: points(of: 4), epochs: 1)
        #expect(before["table"] == objective.values["table"])
        #expect(before["first"] == objective.values["first"])
        #expect(before["second"] != objective.values["second"])
    }

    @Test func frozenParametersAreNamedAndOneMustBeLeft() throws {
        let objective = TinyObjective()
        #expect(try objective.frozenParameters() == nil)
        try objective.freeze(matching: ["t*", "first"])
        #expect(try objective.frozenParameters() == "frozen: first, table (2 of 5 parameters)")
        try objective.freeze(matching: ["bias", "second"])
        #expect(try objective.frozenParameters() == "frozen: first, bias, second and 1 more (4 of 5 parameters)")
        try objective.freeze(matching: ["*"])
        #expect(throws: TrainingError.nothingToTrain(count: 5)) {
            try Trainer(objective, optimizer: AdamW(learningRate: 0.1), progress: .silent).train(
                on: points(of: 4), epochs: 1)
        }
    }

    @Test func aTrainerGivesEqualParametersDifferentInitialValues() {
        final class Twins: Objective {
            let a = Parameter([4], .normal(std: 1)), b = Parameter([4], .normal(std: 1))
            func callAsFunction(_ batch: Points) -> Loss { Loss((a.value - b.value).sum()) }
        }
        let objective = Twins()
        _ = Trainer(objective, optimizer: SGD(learningRate: 1), progress: .silent)
        #expect(objective.a.stored.scalars != objective.b.stored.scalars)
    }

    @Test func tooFewSamplesAreAnError() {
        let trainer = Trainer(TinyObjective(), optimizer: SGD(learningRate: 1), progress: .silent)
        #expect(throws: DatasetError.tooFewSamples(count: 37, batch: 64)) {
            try trainer.train(on: points(of: 64), epochs: 1)
        }
    }
}
