import ConcordLayers
import ConcordTraining
import TestSupport
import Testing

struct EarlyStoppingTests {
    private struct Unreadable: Error {}

    /// A trainer whose evaluation, at every step, gives these values of `loss` in turn.
    private func trainer(
        _ values: [Double], in run: Run, from first: Int = 0, _ rule: EarlyStopping,
        isBetter direction: Metric.Direction = .lower
    ) -> Trainer<TinyObjective> {
        var next = first
        return Trainer(
            TinyObjective(), optimizer: AdamW(learningRate: 0.01), schedule: .constant(), seed: 5,
            checkpoints: Checkpoints(in: run.checkpoints, every: 1000), metrics: run.metrics,
            evaluation: .every(1) {
                defer { next += 1 }
                return [Metric("loss", values[next], isBetter: direction)]
            }, earlyStopping: rule, progress: .silent)
    }

    @Test func itStopsWhenTheMetricHasNotImprovedForItsPatience() throws {
        let run = Run()
        let trainer = trainer([5, 4, 4, .nan, 3, 3.5, 3, 3.2, 1], in: run, EarlyStopping("loss", patience: 3))
        #expect(try trainer.train(on: points(of: 4), steps: 9) == .stoppedEarly(step: 8))
        #expect(run.files == CheckpointTests.names(8), "a checkpoint is written where it stops")
        #expect(try run.lines.count == 8)
    }

    @Test func aChangeBelowTheLeastIsNoImprovement() throws {
        let rule = EarlyStopping("loss", patience: 2, minimumChange: 0.1)
        let trainer = trainer([0.5, 0.55, 0.65, 0.7, 0.74, 0.9], in: Run(), rule, isBetter: .higher)
        #expect(try trainer.train(on: points(of: 4), steps: 6) == .stoppedEarly(step: 5))
    }

    @Test func aResumedRunCountsOn() throws {
        let run = Run(), rule = EarlyStopping("loss", patience: 3), values = [5.0, 4, 6, 7, 8, 1]
        #expect(try trainer(values, in: run, rule).train(on: points(of: 4), steps: 3) == .finished)
        let second = trainer(values, in: run, from: 3, rule)
        #expect(try second.resume(from: run.checkpoints) == 3)
        #expect(try second.train(on: points(of: 4), steps: 6) == .stoppedEarly(step: 5))
        let third = trainer([], in: run, rule)
        try third.resume(from: run.checkpoints)
        #expect(try third.train(on: points(of: 4), steps: 6) == .stoppedEarly(step: 5), "it does not train on")
    }

    @Test func theTrainerKeepsItsLastEvaluation() throws {
        let run = Run(), values = [3.0, 2, 1]
        let trainer = trainer(values, in: run, EarlyStopping("loss", patience: 3))
        #expect(trainer.lastEvaluation == nil)
        for step in 1...3 {
            try trainer.train(on: points(of: 4), steps: step)
            #expect(trainer.lastEvaluation?.step == step)
            #expect(trainer.lastEvaluation?.metrics == [Metric("loss", values[step - 1], isBetter: .lower)])
        }
    }

    @Test func itDoesNotStopAtTheLastStep() throws {
        let trainer = trainer([1, 2, 3], in: Run(), EarlyStopping("loss", patience: 2))
        #expect(try trainer.train(on: points(of: 4), steps: 3) == .finished)
    }

    @Test func aMetricThatIsNotThereIsNamedAndAnEvaluationIsNeeded() throws {
        let rule = EarlyStopping("perplexity", patience: 1)
        #expect(throws: TrainingError.noSuchMetric(name: "perplexity", known: ["loss"])) {
            try trainer([1], in: Run(), rule).train(on: points(of: 4), steps: 2)
        }
        let blind = Trainer(
            TinyObjective(), optimizer: AdamW(learningRate: 0.01), earlyStopping: rule, progress: .silent)
        #expect(throws: TrainingError.noSuchMetric(name: "perplexity", known: [])) {
            try blind.train(on: points(of: 4), steps: 2)
        }
    }

    @Test func anEvaluationThatFailsLosesNoStep() throws {
        var run = Run()
        run.evaluation = .every(3) { throw Unreadable() }
        #expect(throws: Unreadable.self) { try run.trainer().train(on: points(of: 4), steps: 20) }
        #expect(run.files == CheckpointTests.names(3))
        #expect(try run.lines.count == 3)
    }
}
