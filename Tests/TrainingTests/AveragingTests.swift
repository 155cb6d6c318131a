import ConcordDatasets
import ConcordEncoders
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// `Trainer(averaging:)`: a moving average of the weights.
struct AveragingTests {
    let folder = TemporaryFolder()

    private func trainer(
        _ objective: TinyObjective = TinyObjective(), averaging: Momentum? = .constant(0.9), accumulate: Int = 1,
        evaluation: EvaluationHook? = nil
    ) -> Trainer<TinyObjective> {
        Trainer(
            objective, optimizer: AdamW(learningRate: 0.05), accumulate: accumulate, seed: 5,
            checkpoints: Checkpoints(in: folder.file("checkpoints"), every: 100), evaluation: evaluation,
            averaging: averaging, progress: .silent)
    }

    /// `m average + (1 - m) weights` of each leaf, from the weights after every update.
    private func closedForm(_ history: [[String: [Float]]], momentum: Float) -> [String: [Float]] {
        history.dropFirst().reduce(into: history[0]) { average, values in
            for (path, value) in values {
                average[path] = zip(average[path] ?? [], value).map { $0 * momentum + $1 * (1 - momentum) }
            }
        }
    }

    @Test(arguments: [1, 2]) func afterTenStepsItIsTheClosedForm(accumulate: Int) throws {
        let objective = TinyObjective()
        var history: [[String: [Float]]] = []
        let trainer = self.trainer(objective, accumulate: accumulate)
        history.append(objective.values)
        for step in 1...10 {
            try trainer.train(on: points(of: 4), steps: step)
            history.append(objective.values)
        }
        let average = try #require(trainer.average), expected = closedForm(history, momentum: 0.9)
        #expect(expected.count == 6, "five parameters and a running mean")
        for (path, values) in expected { #expect(average[path]?.scalars == values, "\(path)") }
        #expect(average["second"]?.scalars != objective.values["second"])
        #expect(average.stateDictionary().first { $0.name == "updates" }?.tensor.integerScalars == [10])
    }

    @Test func theEvaluationRunsWithTheAverage() throws {
        let objective = TinyObjective(dropout: 0)
        var seen: [Float] = [], own: [Float] = []
        let trainer = self.trainer(
            objective,
            evaluation: .every(7) {
                seen = objective.second.value.scalars
                own = objective.second.stored.scalars
                return []
            })
        try trainer.train(on: points(of: 4), steps: 7)
        #expect(seen == trainer.average?["second"]?.scalars && own == objective.second.stored.scalars)
        #expect(seen != own)
    }

    @Test func trainingItselfIsUnchanged() throws {
        let averaged = trainer()
        try averaged.train(on: points(of: 4), steps: 12)
        try FileManager.default.removeItem(atPath: folder.file("checkpoints"))
        let plain = trainer(averaging: nil)
        try plain.train(on: points(of: 4), steps: 12)
        #expect(averaged.objective.values == plain.objective.values)
        #expect(plain.average == nil)
    }

    @Test(arguments: [Momentum.constant(0.9), .cosine(from: 0.5)])
    func stoppedAndResumedItIsTheSameBits(momentum: Momentum) throws {
        struct Killed: Error {}
        let last = URL(fileURLWithPath: folder.file("checkpoints/step-00000018.safetensors"))
        try trainer(averaging: momentum).train(on: points(of: 4), epochs: 2)  // 18 steps
        let whole = try Data(contentsOf: last)
        for stop in [1, 9, 13] {
            try FileManager.default.removeItem(atPath: folder.file("checkpoints"))
            let first = trainer(averaging: momentum, evaluation: .every(stop) { throw Killed() })
            #expect(throws: Killed.self) { try first.train(on: points(of: 4), epochs: 2) }
            let second = trainer(averaging: momentum)
            #expect(try second.resume(from: folder.file("checkpoints")) == stop)
            try second.train(on: points(of: 4), epochs: 2)
            #expect(try Data(contentsOf: last) == whole, "stopped at \(stop)")
        }
    }

    @Test func anotherMomentumIsNamedAtResuming() throws {
        try trainer().train(on: points(of: 4), steps: 2)
        for (other, name) in [(nil, "none"), (Momentum.constant(0.99), "0.99")] {
            let error = #expect(throws: TrainingError.self) {
                try trainer(averaging: other).resume(from: folder.file("checkpoints"))
            }
            let message = error?.description ?? ""
            #expect(message.contains("averaging 0.9, this run has \(name)"), "\(message)")
        }
    }

    @Test func aCheckpointHasBothWeights() throws {
        let trainer = trainer()
        try trainer.train(on: points(of: 4), steps: 6)
        let last = try #require(CheckpointDirectory(folder.file("checkpoints")).last)
        let file = try Safetensors(path: last.model)
        #expect(file.names.contains("average.second") && file.names.contains("average.updates"))
        let latest = TinyObjective(), evaluated = TinyObjective()
        try latest.load(checkpoint: file, weights: .latest)
        try evaluated.load(checkpoint: file)
        #expect(latest.values == trainer.objective.values)
        for (path, values) in evaluated.values { #expect(trainer.average?[path]?.scalars == values, "\(path)") }
    }

    @Test func aCheckpointWithoutAnAverageHasOneSetOfWeights() throws {
        let trainer = trainer(averaging: nil)
        try trainer.train(on: points(of: 4), steps: 3)
        let last = try #require(CheckpointDirectory(folder.file("checkpoints")).last)
        for weights in [CheckpointWeights.latest, .evaluated] {
            let objective = TinyObjective()
            try objective.load(checkpoint: Safetensors(path: last.model), weights: weights)
            #expect(objective.values == trainer.objective.values)
        }
    }

    /// A network whose weights are packed and whose normalizations are folded for inference, under averaged weights.
    @Test func aNetworkComputesWithTheAverageAsIfItWereLoaded() throws {
        let objective = JointEmbedding(
            ResNet(depth: 18, stem: .cifar, width: 4), head: ProjectionHead(32, hidden: 16, 8), loss: CosineLoss())
        let batches = Samples<Int>(count: 16) { index, _ in index }.batches(of: 8, threads: 1) { rows in
            Views(
                first: hashed("first \(rows)", [rows.count, 8, 8, 3]),
                second: hashed("second \(rows)", [rows.count, 8, 8, 3]))
        }
        let images = hashed("images", [3, 8, 8, 3])
        var evaluated: [Float] = []
        let trainer = Trainer(
            objective, optimizer: SGD(learningRate: 0.1),
            checkpoints: Checkpoints(in: folder.file("checkpoints"), every: 100),
            evaluation: .every(4) {
                evaluated = objective.encoder(images).scalars
                return []
            }, averaging: .constant(0.5), progress: .silent)
        try trainer.train(on: batches, steps: 4)
        let last = try #require(CheckpointDirectory(folder.file("checkpoints")).last)
        let other = JointEmbedding(
            ResNet(depth: 18, stem: .cifar, width: 4), head: ProjectionHead(32, hidden: 16, 8), loss: CosineLoss())
        try other.load(checkpoint: Safetensors(path: last.model))
        #expect(evaluated == other.encoder(images).scalars)
        #expect(evaluated != objective.encoder(images).scalars)
    }
}
