import ConcordInterchange
import ConcordLayers
import ConcordTraining
import Foundation
import TestSupport
import Testing

struct CheckpointTests {
    static func names(_ steps: Int...) -> [String] {
        steps.flatMap { ["step-0000000\($0).optimizer.safetensors", "step-0000000\($0).safetensors"] }
    }

    @Test func theLastOnesStayAndTheBest() throws {
        let metrics: [Double] = [0.2, 0.9, 0.5, .nan, 0.9, 0.1, 0.3]
        var run = Run(every: 1, keep: 2, best: "r1")
        let step = Counter()
        run.evaluation = .every(1) {
            [Metric("other", 0, isBetter: .lower), Metric("r1", metrics[step.next()], isBetter: .higher)]
        }
        try run.trainer().train(on: points(of: 4), steps: 7)
        #expect(run.files == Self.names(2, 6, 7))
        #expect(try CheckpointDirectory(run.checkpoints).best()?.step == 2)
        #expect(CheckpointDirectory(run.checkpoints).last?.step == 7)
        let evaluation = try #require(try run.lines[1]["evaluation"] as? [String: Double])
        #expect(evaluation == ["other": 0, "r1": 0.9])
    }

    @Test func theBestSoFarIsWrittenAtOnceAndKnownAfterResuming() throws {
        let metrics: [Double] = [5, 4, 6, 3.5, 7]
        var run = Run(every: 100, keep: 1, best: "median_rank")
        let place = Counter()
        run.evaluation = .every(2) { [Metric("median_rank", metrics[place.next()], isBetter: .lower)] }
        try run.trainer().train(on: points(of: 4), steps: 5)  // evaluated at 2, 4 and, as the last, 5
        #expect(run.files == Self.names(4, 5))
        let second = run.trainer()
        try second.resume(from: run.checkpoints)
        try second.train(on: points(of: 4), steps: 8)
        #expect(run.files == Self.names(6, 8))
    }

    @Test func aFigureThatIsNotThereIsNamed() throws {
        var run = Run(best: "r1")
        run.evaluation = .every(1) { [Metric("accuracy", 0.5, isBetter: .higher)] }
        #expect(throws: TrainingError.noSuchMetric(name: "r1", known: ["accuracy"])) {
            try run.trainer().train(on: points(of: 4))
        }
        run.evaluation = nil
        #expect(throws: TrainingError.noSuchMetric(name: "r1", known: [])) {
            try run.trainer().train(on: points(of: 4))
        }
    }

    @Test func leftoversOfKilledWritesAreRemovedAndIgnored() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 3)
        for name in [
            "step-00000005.optimizer.safetensors", "step-00000005.safetensors.partial",
            "step-00000004.optimizer.safetensors.partial",
            "notes.txt",
        ] { _ = FileManager.default.createFile(atPath: run.checkpoints + "/" + name, contents: Data("half".utf8)) }
        #expect(CheckpointDirectory(run.checkpoints).last?.step == 3)
        let second = run.trainer()
        #expect(try second.resume(from: run.checkpoints) == 3)
        try second.train(on: points(of: 4), steps: 4)
        #expect(run.files == ["notes.txt"] + Self.names(3, 4))
    }

    @Test func aFullDiskIsOneErrorAndTheOldCheckpointsStay() throws {
        var run = Run(every: 2)
        let folder = run.checkpoints
        run.evaluation = .every(3) {  // /dev/full refuses every write as a full disk does
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/step-00000004.safetensors.partial", withDestinationPath: "/dev/full")
            return []
        }
        let error = #expect(throws: InterchangeError.self) { try run.trainer().train(on: points(of: 4), steps: 5) }
        #expect(error?.description.contains("No space left on device") ?? false)
        #expect(run.files == Self.names(2))
        run.evaluation = nil
        let second = run.trainer()
        #expect(try second.resume(from: folder) == 2)
        try second.train(on: points(of: 4), steps: 5)
        #expect(try run.steps == Array(1...5))
    }

    @Test func aFullDiskUnderTheMetricsIsOneError() throws {
        let run = Run()
        try FileManager.default.createSymbolicLink(atPath: run.metrics, withDestinationPath: "/dev/full")
        let error = #expect(throws: TrainingError.self) { try run.trainer().train(on: points(of: 4), steps: 5) }
        #expect(error == .cannotWrite(path: run.metrics, reason: "No space left on device"))
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let folder = TemporaryFolder()
        _ = FileManager.default.createFile(atPath: folder.file("taken"), contents: nil)
        let path = folder.file("taken/checkpoints")
        let trainer = Trainer(
            TinyObjective(), optimizer: SGD(learningRate: 0.1), checkpoints: Checkpoints(in: path, every: 1),
            progress: .silent)
        let wanted = TrainingError.cannotWrite(path: folder.file("taken"), reason: "a folder wanted, a file is there")
        #expect(throws: wanted) { try trainer.train(on: points(of: 4), steps: 1) }
    }

    @Test func aFileThatNoTrainerWroteIsNamed() throws {
        let run = Run()
        let entry = run.checkpoints + "/step-00000003"
        try FileManager.default.createDirectory(atPath: run.checkpoints, withIntermediateDirectories: true)
        for suffix in [".safetensors", ".optimizer.safetensors"] { try Safetensors.write([], to: entry + suffix) }
        let error = #expect(throws: TrainingError.self) { try run.trainer().resume(from: run.checkpoints) }
        #expect(error?.description.contains("step-00000003.safetensors: its metadata has no usable \"step\"") ?? false)
    }

    @Test(arguments: ["", ".optimizer"]) func aDamagedCheckpointIsNamedWithTheWayOn(part: String) throws {
        let run = Run(every: 2)
        try run.trainer().train(on: points(of: 4), steps: 4)
        let newest = run.checkpoints + "/step-00000004\(part).safetensors"
        try Data(contentsOf: URL(fileURLWithPath: newest)).prefix(100).write(to: URL(fileURLWithPath: newest))
        let error = #expect(throws: TrainingError.self) { try run.trainer().resume(from: run.checkpoints) }
        #expect(error?.description.contains(newest) ?? false)
        #expect(error?.description.contains("remove it to go on from step 2") ?? false, "\(error?.description ?? "")")
        try FileManager.default.removeItem(atPath: newest)
        let second = run.trainer()
        #expect(try second.resume(from: run.checkpoints) == 2)
        try second.train(on: points(of: 4), steps: 4)
        #expect(try run.steps == Array(1...4))
    }

    @Test func metricsThatDoNotReachTheDiskAreAnErrorWithoutCheckpointsToo() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: folder.file("metrics"), withDestinationPath: "/dev/full")
        let trainer = Trainer(
            TinyObjective(), optimizer: SGD(learningRate: 0.1), metrics: folder.file("metrics"), progress: .silent)
        #expect(throws: TrainingError.cannotWrite(path: folder.file("metrics"), reason: "No space left on device")) {
            try trainer.train(on: points(of: 4), steps: 3)
        }
    }

    @Test func metadataTellsTheRunAndNoTime() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 10)
        let last = try #require(CheckpointDirectory(run.checkpoints).last)
        #expect(
            try Safetensors(path: last.model).metadata
                == [
                    "model": "tiny", "step": "10", "epoch": "1", "seed": "5", "accumulate": "1", "steps_per_epoch": "9",
                ])
        #expect(
            try Safetensors(path: last.model).names.sorted() == [
                "bias", "first", "running_mean", "scale", "second", "table",
            ])
    }

    @Test func everyLineHasTheFiguresOfItsStep() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 10)
        for (place, line) in try run.lines.enumerated() {
            #expect(line["epoch"] as? Int == (place < 9 ? 1 : 2))
            for key in [
                "loss", "learning_rate", "gradient_norm", "items_per_second", "resident_bytes", "seconds",
            ] {
                #expect((line[key] as? Double ?? -1) >= 0, "\(key)")
            }
            let parts = try #require(line["parts"] as? [String: Double])
            #expect(parts == ["squared_error": line["loss"] as? Double])
            let metrics = try #require(line["metrics"] as? [String: Double])
            #expect(metrics.keys.sorted() == ["logit_scale"] && (0.5...1.5).contains(metrics["logit_scale"] ?? 0))
        }
        let rates = try run.lines.compactMap { $0["learning_rate"] as? Double }
        let schedule = Schedule.cosine(warmup: 3, total: 20)
        #expect(
            rates.count == 10 && rates.indices.allSatisfy { abs(rates[$0] - 0.05 * schedule.factor(at: $0)) < 1e-12 })
    }
}

/// Counts from 0.
final class Counter {
    private var value = -1
    func next() -> Int {
        value += 1
        return value
    }
}
