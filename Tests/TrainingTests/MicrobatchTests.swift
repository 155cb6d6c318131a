import ConcordDatasets
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import TestSupport
import Testing

/// Training with microbatches.
@Suite struct MicrobatchTests {
    struct Pair: Sendable {
        let left: Tensor, right: Tensor  // [N, 6], [N, 4]
    }

    final class Tower2: FeatureEncoder {
        let layer: Linear
        let norm: BatchNorm?
        let outputDimension = 8
        init(_ inputs: Int, normalized: Bool) {
            layer = Linear(inputs, 8)
            norm = normalized ? BatchNorm(8) : nil
        }
        func callAsFunction(_ x: Tensor) -> Tensor {
            (norm.map { $0(layer(x), activation: .relu) } ?? layer(x)).dropout(0.2)
        }
    }

    let folder = TemporaryFolder()

    func pairs() -> Batches<Pair> {
        Samples<Int>(count: 34) { index, _ in index }.batches(
            of: 8, seed: 2, shuffle: true, dropLast: false, threads: 1
        ) { rows in
            Pair(
                left: Tensor(rows.flatMap { hashed("left \($0)", [6]).scalars }, shape: [rows.count, 6]),
                right: Tensor(rows.flatMap { hashed("right \($0)", [4]).scalars }, shape: [rows.count, 4]))
        }
    }

    func trainer(
        microbatch: Int?, accumulate: Int = 1, in place: String? = nil, normalized: Bool = true
    ) -> Trainer<Contrastive<Pair>> {
        let model = Contrastive<Pair>(
            Tower("left", \.left, Tower2(6, normalized: normalized)),
            Tower("right", \.right, Tower2(4, normalized: false)), dimension: 5)
        return Trainer(
            model, optimizer: AdamW(learningRate: 0.01), schedule: .cosine(warmup: 2, total: 12), clip: 1,
            accumulate: accumulate,
            microbatch: microbatch, seed: 6, checkpoints: place.map { Checkpoints(in: folder.file($0), every: 100) },
            progress: .silent)
    }

    func values(_ module: some Module) -> [[Float]] { module.stateDictionary().map(\.tensor.scalars) }

    @Test func theTrainerDoesWhatTheLoopByHandDoes() throws {
        let trainer = trainer(microbatch: 3), batches = pairs()
        try trainer.train(on: batches, steps: 7)
        let model = self.trainer(microbatch: nil).objective, optimizer = AdamW(learningRate: 0.01)
        let schedule = Schedule.cosine(warmup: 2, total: 12)
        var step = 0
        for epoch in 0..<2 {
            for batch in batches.epoch(epoch) where step < 7 {
                let pair = try batch.get()
                let (_, gradients) = try valueWithGradient(of: model, pair, microbatch: 3, step: step, seed: 6)
                try optimizer.update(
                    model, with: gradients.clipped(toNorm: 1), learningRateFactor: schedule.factor(at: step))
                step += 1
            }
        }
        for (a, b) in zip(trainer.objective.stateDictionary(), model.stateDictionary()) {
            expectClose(a.tensor, b.tensor, a.name)
        }
    }

    @Test(arguments: [1, 2]) func stoppedAndResumedItGivesTheSameBits(accumulate: Int) throws {
        let whole = trainer(microbatch: 3, accumulate: accumulate)
        try whole.train(on: pairs())
        for stop in [1, 5, 8] {
            let place = "resumed \(stop)"
            try trainer(microbatch: 3, accumulate: accumulate, in: place).train(on: pairs(), steps: stop)
            let second = trainer(microbatch: 3, accumulate: accumulate, in: place)
            #expect(try second.resume(from: folder.file(place)) == stop)
            try second.train(on: pairs())
            #expect(values(second.objective) == values(whole.objective), "stopped at \(stop)")
        }
    }

    @Test func anotherMicrobatchIsNamedAtResuming() throws {
        try trainer(microbatch: 3, in: "three").train(on: pairs(), steps: 2)
        for other in [nil, 4] {
            let error = #expect(throws: TrainingError.self) {
                try trainer(microbatch: other, in: "three").resume(from: folder.file("three"))
            }
            #expect(
                error?.description.contains("microbatch 3, this run has \(other.map { "\($0)" } ?? "none")") ?? false)
        }
    }

    @Test func aMicrobatchOfTheBatchOrMoreChangesNoBit() throws {
        let plain = trainer(microbatch: nil)
        try plain.train(on: pairs(), steps: 6)
        for microbatch in [8, 1000] {
            let other = trainer(microbatch: microbatch)
            try other.train(on: pairs(), steps: 6)
            #expect(values(other.objective) == values(plain.objective), "\(microbatch)")
        }
    }

    @Test func withoutBatchNormalizationTheRunIsThatOfWholeBatches() throws {
        let whole = trainer(microbatch: nil, normalized: false), parts = trainer(microbatch: 3, normalized: false)
        try whole.train(on: pairs(), steps: 4)
        try parts.train(on: pairs(), steps: 4)
        for (a, b) in zip(parts.objective.stateDictionary(), whole.objective.stateDictionary()) {
            expectClose(a.tensor, b.tensor, tolerance: 1e-4, a.name)
        }
    }

    @Test func anObjectiveThatNeedsItsWholeBatchIsRefusedBeforeTheFirstStep() throws {
        let trainer = Trainer(TinyObjective(), optimizer: SGD(learningRate: 0.1), microbatch: 2, progress: .silent)
        let error = #expect(throws: ObjectiveError.self) { try trainer.train(on: points(of: 4), steps: 2) }
        #expect(error?.description.contains("tiny_objective") ?? false)
        #expect(trainer.step == 0)
    }
}
