import Concord
import Foundation
import TestSupport
import Testing

/// Objectives over two views of images and of sounds, from a recipe to an index.
@Suite(.serialized) struct ViewsTests {
    /// The settings that make a method small enough for a test.
    private static func settings(_ method: String) -> [String] {
        let sizes =
            switch method {
            case "simclr": ["hidden=16", "dimension=8"]
            case "moco": ["hidden=16", "dimension=8", "queue=20", "momentum=0.9"]
            case "byol": ["hidden=16", "dimension=8", "momentum=0.9"]
            default: ["hidden=16"]
            }
        return ["objective.name=\(method)"] + sizes.map { "objective.\($0)" }
    }

    private static let yaml = """
        steps: 12
        batch: 8
        data: {kind: table, path: pairs.tsv, columns: {image: filepath}, labels: [tone], split: {column: filepath, \
        modulo: 4}}
        objective: {name: simclr}
        model: {image: {depth: 18, width: 4, stem: cifar}}
        views: {size: 16}
        optimizer: {learning_rate: 2e-3}
        schedule: {warmup_steps: 4}
        checkpoint: {every: 3}
        """

    private func train(
        _ world: SmallWorld, _ name: String, _ settings: [String], _ more: [String] = []
    ) throws -> CommandLineTool.Outcome {
        let recipe = world.folder.path + "/views.yaml"
        try Self.yaml.write(toFile: recipe, atomically: true, encoding: .utf8)
        return try CommandLineTool.run(
            ["train", recipe, "--data", world.data, "--out", world.run(name)] + settings.flatMap { ["--set", $0] }
                + more)
    }

    @Test(arguments: ["simclr", "moco", "byol", "simsiam"]) func imagesAloneAreLearnedAndEmbedded(method: String) throws
    {
        let world = try SmallWorld()
        let trained = try train(world, "run", Self.settings(method))
        #expect(trained.status == 0 && trained.output.contains("linear probe of tone"), "\(trained.errors)")
        let embedded = try CommandLineTool.run([
            "embed", world.run(), "--images", world.data, "--out", world.folder.path + "/i.safetensors",
        ])
        #expect(embedded.status == 0, "\(embedded.errors)")
        let index = try EmbeddingIndex(path: world.folder.path + "/i.safetensors")
        #expect(index.names.count == 48 && index.embeddings.shape == [48, 32], "\(index.embeddings.shape)")
    }

    /// Queue, target network and their counters are in the checkpoint.
    @Test(arguments: ["moco", "byol"]) func killedAndResumedItIsTheSameBits(method: String) throws {
        let world = try SmallWorld()
        let settings = Self.settings(method) + ["steps=24", "optimizer.accumulate=2"]
        let whole = try train(world, "whole", settings)
        #expect(whole.status == 0, "\(whole.errors)")
        let updates = try world.steps("whole").count
        let recipe = world.folder.path + "/views.yaml"
        let process = try CommandLineTool.start(
            ["train", recipe, "--data", world.data, "--out", world.run("killed")] + settings.flatMap { ["--set", $0] },
            output: .nullDevice,
            errors: .nullDevice)
        let checkpoint = world.run("killed") + "/checkpoints/step-00000003.safetensors"
        let deadline = Date().addingTimeInterval(60)
        while !FileManager.default.fileExists(atPath: checkpoint), process.isRunning, Date() < deadline {
            Thread.sleep(forTimeInterval: 0.005)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let resumed = try train(world, "killed", [], ["--resume"])
        #expect(resumed.status == 0 && resumed.output.contains("resumed at step"), "\(resumed.errors)")
        #expect(try world.weights("killed", step: updates) == world.weights("whole", step: updates))
    }

    @Test func soundsAloneAreLearned() throws {
        let world = try AudioWorld()
        let recipe = world.folder.path + "/sounds.yaml"
        try """
        steps: 6
        batch: 8
        data: {kind: table, path: things.tsv, columns: {audio: recording}, split: none}
        objective: {name: simclr, hidden: 16, dimension: 8}
        model: {audio: {mels: 16, window: 200, channels: [16], kernels: [3], strides: [2]}}
        views: {audio: {rate: 8000, seconds: 0.2}}
        """.write(toFile: recipe, atomically: true, encoding: .utf8)
        let outcome = try CommandLineTool.run([
            "train", recipe, "--data", world.data, "--out", world.folder.path + "/run",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// Images that nothing but the network's own ways distinguishes.
    private static func writeNoise(to world: SmallWorld) throws {
        for n in 0..<48 {
            var random = RandomKey(seed: UInt64(n)).sequence
            let bytes = (0..<16 * 16 * 3).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
            try Image(pixels: Tensor(bytes, shape: [16, 16, 3])).write(jpeg: "\(world.data)/\(n).jpg")
        }
    }

    @Test func withoutItsStopGradientTheRunSaysThatItCollapses() throws {
        let world = try SmallWorld()
        try Self.writeNoise(to: world)
        func run(_ stopsGradient: Bool) throws -> String {
            let settings = [
                "objective.name=simsiam", "objective.hidden=32", "objective.stop_gradient=\(stopsGradient)",
                "steps=250", "batch=28",
                "optimizer.name=sgd", "optimizer.learning_rate=0.1", "schedule.name=constant",
            ]
            let outcome = try train(world, "\(stopsGradient)", settings)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output + outcome.errors
        }
        let (open, stopped) = (try run(false), try run(true))
        #expect(open.contains("(collapse)"), "\(open)")
        #expect(!stopped.contains("(collapse)"), "\(stopped)")
    }

    @Test func withoutItsVarianceVICRegSaysThatItCollapses() throws {
        let world = try SmallWorld()
        try Self.writeNoise(to: world)
        func run(_ variance: Int) throws -> String {
            let settings = [
                "objective.name=vicreg", "objective.hidden=32", "objective.dimension=16",
                "objective.variance=\(variance)", "steps=100", "batch=28", "optimizer.learning_rate=0.003",
                "schedule.name=constant",
            ]
            let outcome = try train(world, "\(variance)", settings)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output + outcome.errors
        }
        let (without, whole) = (try run(0), try run(25))
        #expect(without.contains("(collapse)"), "\(without)")
        #expect(!whole.contains("(collapse)"), "\(whole)")
    }

    @Test(arguments: ["sigmoid", "triplet", "margin"]) func pairsAreLearnedWithOtherLosses(loss: String) throws {
        let world = try SmallWorld()
        let trained = try world.train("run", "--set", "objective.loss=\(loss)")
        #expect(trained.status == 0 && trained.output.contains("image"), "\(trained.output)\(trained.errors)")
        let classified = try CommandLineTool.run([
            "classify", world.run(), "--classes", "dark", "pale", "--images", world.data + "/0.jpg",
        ])
        #expect(classified.status == 0, "\(classified.errors)")
    }

    @Test func anUnknownObjectiveIsAnsweredWithTheKnownOnes() throws {
        let world = try SmallWorld()
        let outcome = try train(world, "run", ["objective.name=simcrl"])
        #expect(
            outcome.status == 1 && outcome.errors.contains("simclr") && outcome.errors.contains("byol"),
            "\(outcome.errors)")
        let fewer = try train(world, "run", ["objective.input=audio"])
        #expect(fewer.status == 1 && fewer.errors.contains("data.columns names no audio"), "\(fewer.errors)")
    }
}
