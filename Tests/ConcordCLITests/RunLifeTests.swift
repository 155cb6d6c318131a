import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct RunLifeTests {
    @Test(arguments: ["-v", "-d"]) func belowTheMemoryNeededToStartOneLineSaysHowMuchIsNeeded(limit: String) throws {
        let outcome = try CommandLineTool.shell(
            "ulimit \(limit) 250000; exec timeout -k 1 20 '\(CommandLineTool.path)' doctor")
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(
            outcome.errors.hasPrefix("Error: the limit on ") && outcome.errors.contains("ulimit \(limit)"),
            "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }

    /// OpenBLAS wants 128 MiB for each thread, and where there are none it tries for ever. Where oneDNN computes the
    /// products of steps (and in bfloat16), the evaluation after the last one is the first to use it.
    @Test(arguments: [560, 620, 700, 760]) func underALimitThatLeavesNoRoomForBuffersItTrainsOrEndsInOneLine(
        megabytes: Int
    ) throws {
        let world = try SmallWorld()
        let train = "'\(CommandLineTool.path)' train '\(world.recipe)' --data '\(world.data)' --out '\(world.run())'"
        let outcome = try CommandLineTool.shell(
            """
            export OMP_NUM_THREADS=2; ulimit -v \(megabytes)000; exec timeout -k 1 60 \(train) --set steps=2 \
            --set precision=float32
            """)
        guard outcome.status != 0 else { return }
        #expect(outcome.status == 1, "\(outcome.errors)")
        let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
        #expect(errors.count == 1 && errors[0].contains("ulimit -v"), "\(outcome.errors)")
        let files = FileManager.default
        let hasCheckpoint = files.fileExists(atPath: world.run() + "/checkpoints/step-00000002.safetensors")
        #expect(files.fileExists(atPath: world.run()) == hasCheckpoint, "a run, or nothing")
    }

    @Test func outOfMemoryIsOneLineAndLeavesNoDirectory() throws {
        let world = try SmallWorld()
        let train = "'\(CommandLineTool.path)' train '\(world.recipe)' --data '\(world.data)' --out '\(world.run())'"
        let outcome = try CommandLineTool.shell(
            "ulimit -v 1500000; exec timeout -k 1 60 \(train) --set model.text.width=8192 --set model.text.heads=8")
        #expect(outcome.status == 1, "\(outcome.errors)")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].hasPrefix("Error: out of memory: "), "\(outcome.errors)")
        #expect(outcome.errors.contains("ulimit -v") && outcome.errors.contains("microbatch"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run()))
    }

    @Test func aMistypedBestMetricIsRefusedBeforeTheFirstStep() throws {
        let world = try SmallWorld()
        let outcome = try world.train("run", "--set", "checkpoint.best=retrieval.image_to_text.r11")
        #expect(
            outcome.status == 1 && outcome.errors.contains("no metric \"retrieval.image_to_text.r11\""),
            "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run()))
    }

    @Test func aRunThatFailsBeforeItsFirstStepLeavesNoneOfItsFiles() throws {
        let world = try SmallWorld()
        try FileManager.default.createDirectory(atPath: world.run(), withIntermediateDirectories: true)
        try "not a folder".write(toFile: world.run() + "/checkpoints", atomically: true, encoding: .utf8)
        let outcome = try world.train("run")
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: world.run()) == ["checkpoints"], "\(outcome.errors)")
    }

    @Test func resumingWhereThereIsNoRunIsRefused() throws {
        let world = try SmallWorld()
        let outcome = try world.train("none", "--resume")
        #expect(outcome.status == 1 && outcome.errors.contains("nothing to resume"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run("none")))
    }

    @Test func aSecondProcessIsToldWhoTrainsIntoTheDirectory() throws {
        let world = try SmallWorld()
        let arguments = ["train", world.recipe, "--data", world.data, "--out", world.run(), "--set", "steps=100000"]
        let first = try CommandLineTool.start(arguments, output: .nullDevice, errors: .nullDevice)
        let deadline = Date().addingTimeInterval(60)
        while ((try? world.steps("run").count) ?? 0) < 1, first.isRunning, Date() < deadline {
            Thread.sleep(forTimeInterval: 0.02)
        }
        let second = try CommandLineTool.run(arguments + ["--resume"])
        #expect(
            second.status == 1 && second.errors.contains("process \(first.processIdentifier) on "), "\(second.errors)")
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        // A killed process leaves no lock behind.
        let third = try CommandLineTool.start(arguments + ["--resume"], output: .nullDevice, errors: .nullDevice)
        Thread.sleep(forTimeInterval: 2)
        #expect(third.isRunning)
        kill(third.processIdentifier, SIGKILL)
        third.waitUntilExit()
    }

    @Test func ofTwoProcessesThatStartAtOnceOneTrains() throws {
        let world = try SmallWorld()
        let train = "'\(CommandLineTool.path)' train '\(world.recipe)' --data '\(world.data)' --out '\(world.run())'"
        let outcome = try CommandLineTool.shell(
            "for i in 1 2 3; do (\(train) --set steps=200; echo status $?) & done; wait")
        let statuses = outcome.output.split(separator: "\n").filter { $0.hasPrefix("status ") }.sorted()
        #expect(statuses == ["status 0", "status 1", "status 1"], "\(outcome.errors)")
        #expect(try world.steps("run") == Array(1...200), "one of them alone wrote")
    }

    @Test func aRunKilledBeforeItsFirstStepStartsOver() throws {
        let world = try SmallWorld()
        try FileManager.default.createDirectory(atPath: world.run(), withIntermediateDirectories: true)
        try "# --set steps=7\nleft by a killed run".write(
            toFile: world.run() + "/recipe.yaml", atomically: true, encoding: .utf8)
        let outcome = try world.train("run")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try world.steps("run") == Array(1...24))
    }

    @Test func aStartThatFailsKeepsTheUsersFiles() throws {
        let world = try SmallWorld()
        try FileManager.default.createDirectory(atPath: world.run() + "/classes", withIntermediateDirectories: true)
        let own = ["/classes/mine.txt", "/classes/tone.txt", "/notes", "/checkpoints"].map { world.run() + $0 }
        // a file where a folder is to be
        for path in own { try "mine".write(toFile: path, atomically: true, encoding: .utf8) }
        let outcome = try world.train("run")
        #expect(outcome.status == 1, "\(outcome.output)")
        #expect(own.allSatisfy { FileManager.default.fileExists(atPath: $0) })
        #expect(
            try Set(FileManager.default.contentsOfDirectory(atPath: world.run())) == [
                "classes", "notes", "checkpoints",
            ])
    }
}
