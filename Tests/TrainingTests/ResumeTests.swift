import ConcordInterchange
import ConcordLayers
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// A run in a folder: 20 updates of a schedule made for 20.
struct Run {
    let folder = TemporaryFolder()
    var seed: UInt64 = 5
    var accumulate = 1
    var every = 1000
    var keep = 2
    var best: String?
    var evaluation: EvaluationHook?
    var catchesSignals = false
    var precision = Precision.float32
    var optimizer: () -> any Optimizer = {
        AdamW(learningRate: 0.05, weightDecay: 0.1, groups: [ParameterGroup(matching: "table", learningRateScale: 0.5)])
    }

    var checkpoints: String { folder.file("checkpoints") }
    var metrics: String { folder.file("metrics.jsonl") }
    var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []).sorted() }

    func trainer(_ objective: TinyObjective = TinyObjective()) -> Trainer<TinyObjective> {
        Trainer(
            objective, optimizer: optimizer(), schedule: .cosine(warmup: 3, total: 20), clip: 1, accumulate: accumulate,
            precision: precision,
            seed: seed,
            checkpoints: Checkpoints(
                in: checkpoints, every: every, keep: keep, best: best, metadata: ["model": "tiny"]), metrics: metrics,
            evaluation: evaluation, progress: .silent, catchesSignals: catchesSignals)
    }

    var lines: [[String: Any]] {
        get throws {
            try String(contentsOfFile: metrics, encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
    }

    /// Runs it once as a whole, and once for each of `stops`, stopped there and resumed; expects the same weights,
    /// metrics and files.
    /// - Returns: the whole run.
    @discardableResult
    static func expectSameBitsWhenResumed(at stops: [Int], _ make: () -> Run) throws -> Run {
        let whole = make(), expected = whole.trainer()
        try expected.train(on: points(of: 4))
        for stop in stops {
            let run = make()
            try run.trainer().train(on: points(of: 4), steps: stop)
            let second = run.trainer()
            #expect(try second.resume(from: run.checkpoints) == stop)
            try second.train(on: points(of: 4))
            #expect(second.objective.values == expected.objective.values, "stopped at \(stop)")
            #expect(try run.losses == whole.losses)
            #expect(try run.steps == Array(1...20))
            let last = "checkpoints/step-00000020"
            for suffix in [".safetensors", ".optimizer.safetensors"] {
                #expect(
                    FileManager.default.contentsEqual(
                        atPath: run.folder.file(last + suffix), andPath: whole.folder.file(last + suffix)),
                    "stopped at \(stop): \(suffix)")
            }
        }
        return whole
    }

    var steps: [Int] { get throws { try lines.compactMap { $0["step"] as? Int } } }
    var losses: [Double] { get throws { try lines.compactMap { $0["loss"] as? Double } } }
}

struct ResumeTests {
    @Test(arguments: [1, 2])
    func stoppingAtAnyStepAndResumingGivesTheSameBits(accumulate: Int) throws {
        try Run.expectSameBitsWhenResumed(at: [1, 2, 5, 8, 9, 10, 13, 19]) { Run(accumulate: accumulate) }
    }

    @Test func sgdResumesBitForBit() throws {
        try Run.expectSameBitsWhenResumed(at: [7]) {
            Run(optimizer: { SGD(learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1) })
        }
    }

    @Test func linesAfterTheCheckpointAndAHalfWrittenOneAreCutOff() throws {
        let run = Run(every: 6)
        try run.trainer().train(on: points(of: 4), steps: 6)
        let secondsBefore = try #require(try run.lines.last?["seconds"] as? Double)
        let file = try #require(FileHandle(forWritingAtPath: run.metrics))
        file.seekToEndOfFile()
        file.write(Data("{\"step\":7,\"epoch\":1,\"loss\":1.0,\"parts\":{},\"seconds\":99.0}\n{\"step\":8,\"epo".utf8))
        try file.close()
        let second = run.trainer()
        #expect(try second.resume(from: run.checkpoints) == 6)
        try second.train(on: points(of: 4), steps: 9)
        #expect(try run.steps == Array(1...9))
        let seconds = try run.lines.compactMap { $0["seconds"] as? Double }
        #expect(seconds == seconds.sorted(), "seconds go on from the earlier part")
        #expect(seconds[6] >= secondsBefore && seconds[8] < 60)
    }

    @Test func aRunStoppedBeforeItsFirstCheckpointStartsAgain() throws {
        let run = Run()
        try FileManager.default.createDirectory(atPath: run.checkpoints, withIntermediateDirectories: true)
        try "{\"step\":1,\"epoch\":1,\"seconds\":3.0}\n{\"st".write(
            toFile: run.metrics, atomically: true, encoding: .utf8)
        let trainer = run.trainer()
        #expect(try trainer.resume(from: run.checkpoints) == 0)
        try trainer.train(on: points(of: 4), steps: 3)
        #expect(try run.steps == [1, 2, 3])
    }

    @Test func anExistingRunIsRefusedWithoutResuming() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 2)
        #expect(throws: TrainingError.runExists(path: run.checkpoints)) {
            try run.trainer().train(on: points(of: 4), steps: 3)
        }
        try FileManager.default.removeItem(atPath: run.checkpoints)
        #expect(throws: TrainingError.runExists(path: run.metrics)) {
            try run.trainer().train(on: points(of: 4), steps: 3)
        }
        #expect(try run.steps == [1, 2])
    }

    @Test func trainingAgainWithTheSameTrainerGoesOn() throws {
        let run = Run(), trainer = run.trainer()
        try trainer.train(on: points(of: 4), steps: 4)
        try trainer.train(on: points(of: 4), steps: 9)
        #expect(try run.steps == Array(1...9))
    }

    @Test func otherSettingsAreNamed() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 2)
        var other = Run(seed: 6)
        #expect(throws: TrainingError.self) { try other.trainer().resume(from: run.checkpoints) }
        other = Run(accumulate: 2)
        #expect(throws: TrainingError.self) { try other.trainer().resume(from: run.checkpoints) }
        let trainer = run.trainer()
        try trainer.resume(from: run.checkpoints)
        let error = #expect(throws: TrainingError.self) { try trainer.train(on: points(of: 5)) }
        #expect(error?.description.contains("steps an epoch 9, this run has 7") ?? false)
    }
}
