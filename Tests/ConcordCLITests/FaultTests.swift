import Foundation
import TestSupport
import Testing

@Suite struct FaultTests {
    /// Runs `train` on a changed recipe and expects one line with every one of `words`.
    private func refused(
        _ change: (SmallWorld) throws -> Void = { _ in }, _ more: [String] = [], words: String...
    ) throws {
        let world = try SmallWorld()
        try change(world)
        let outcome = try CommandLineTool.run(
            ["train", world.recipe, "--data", world.data, "--out", world.run()] + more)
        #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
        let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error:") }
        #expect(lines.count == 1, "\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    }

    private func edit(_ path: String, _ from: String, _ to: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(from))
        try text.replacingOccurrences(of: from, with: to).write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test func aMistypedKeyIsNamedWithTheNearestOne() throws {
        try refused(
            { try edit($0.recipe, "learning_rate", "learning_rat") }, words: "small.yaml:10", "optimizer.learning_rat",
            "\"learning_rate\"")
    }

    @Test func aMistypedOverrideIsNamed() throws {
        try refused({ _ in }, ["--set", "optimiser.clip=1"], words: "optimiser", "\"optimizer\"")
    }

    @Test func aValueOutOfPlaceIsNamed() throws {
        try refused({ try edit($0.recipe, "depth: 18", "depth: 19") }, words: "model.image.depth", "18, 34, 50")
        try refused({ try edit($0.recipe, "batch: 8", "batch: many") }, words: "batch", "whole number", "many")
    }

    @Test func aMicrobatchOfNothingIsRefused() throws {
        try refused({ _ in }, ["--set", "microbatch=0"], words: "microbatch", "1 to")
    }

    @Test func anUnknownPrecisionIsRefused() throws {
        try refused({ _ in }, ["--set", "precision=float16"], words: "precision", "float32", "bfloat16")
    }

    @Test func aMissingColumnIsNamedWithTheOnesThereAre() throws {
        try refused({ _ in }, ["--set", "data.columns.text=titel"], words: "pairs.tsv", "titel", "title")
    }

    @Test func aPatternThatIsTheBeginningOfPathsIsCompleted() throws {
        try refused({ _ in }, ["--set", "freeze=[image]"], words: "matches no parameter; all below it are \"image.*\"")
    }

    @Test func aDataDirectoryThatIsAFileIsNamed() throws {
        let world = try SmallWorld(), table = world.data + "/pairs.tsv"
        let outcome = try CommandLineTool.run("train", world.recipe, "--data", table, "--out", world.run())
        #expect(
            outcome.status == 1 && outcome.errors.contains("\(table): not a directory; --data is the directory"),
            "\(outcome.errors)")
        #expect(try CommandLineTool.run("train", world.recipe, "--data", world.data, "--init", "").status == 64)
    }

    @Test func aMissingTableIsNamed() throws {
        try refused({ _ in }, ["--set", "data.path=absent.tsv"], words: "absent.tsv")
    }

    @Test func notYAMLIsNamedWithItsLine() throws {
        try refused({ try edit($0.recipe, "batch: 8", "batch: [8") }, words: "small.yaml")
    }

    @Test func tooManyBadPicturesStopTheRun() throws {
        try refused(
            { world in
                for n in 0..<24 {
                    try Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 1]).write(to: URL(fileURLWithPath: "\(world.data)/\(n).jpg"))
                }
            },
            words: "bad", ".jpg")
    }

    @Test func aFewBadPicturesAreReplacedCountedAndNamed() throws {
        let world = try SmallWorld()
        let whole = try Data(contentsOf: URL(fileURLWithPath: world.data + "/1.jpg"))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: world.data + "/1.jpg"))
        let outcome = try world.train("run", "--set", "data.bad_fraction=0.3")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("1 unreadable sample replaced"))
        #expect((outcome.output + outcome.errors).contains("1.jpg"))
        #expect(try world.steps("run") == Array(1...24))
    }

    @Test func aFullDiskFailsInOneLineAndKeepsTheLastCheckpoint() throws {
        let world = try SmallWorld()
        // The shell's file size limit simulates a full disk: a checkpoint no longer fits, the metrics do.
        let outcome = try CommandLineTool.shell(
            """
                trap '' XFSZ; ulimit -f 128; exec '\(CommandLineTool.path)' train '\(world.recipe)' --data \
                '\(world.data)' --out '\(world.run())'
                """
        )
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("checkpoints"))
        let names = try FileManager.default.contentsOfDirectory(atPath: world.run() + "/checkpoints")
        #expect(names.isEmpty, "\(names)")
    }

    @Test func aRunThatIsRefusedLeavesNoDirectory() throws {
        let world = try SmallWorld()
        let refused = try world.train("run", "--set", "freeze=[nothing.*]")
        #expect(refused.status == 1 && refused.errors.contains("nothing.*"), "\(refused.errors)")
        let large = try world.train("run", "--set", "batch=1000")
        #expect(large.status == 1 && large.errors.contains("1000"), "\(large.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run()))
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        let world = try SmallWorld()
        let outcome = try CommandLineTool.run("train", world.recipe, "--data", world.data, "--out", "/proc/none/run")
        #expect(
            outcome.status == 1 && outcome.errors.contains("/proc/none: cannot be made: No such file or directory"),
            "\(outcome.errors)")
    }

    @Test func anEmptyCaptionIsSkippedAndNamed() throws {
        let world = try SmallWorld()
        try edit(world.data + "/pairs.tsv", "a red square number 2\t", "\t")
        let outcome = try world.train("run", "--set", "steps=2")
        #expect(
            outcome.status == 0 && outcome.errors.contains("pairs.tsv:4: column \"title\" is empty"),
            "\(outcome.errors)")
    }

    @Test func aRunWithoutACheckpointIsNoModel() throws {
        let world = try SmallWorld()
        let missing = try CommandLineTool.run("evaluate", world.run(), "--data", world.data)
        #expect(missing.status == 1 && missing.errors.contains(world.run()))
        let folder = try CommandLineTool.run("evaluate", world.data, "--data", world.data)
        #expect(folder.status == 1 && folder.errors.contains("recipe.yaml"))
    }

    @Test func tooManyThreadsInTheEnvironmentAreAsManyAsAreOfUse() throws {
        let doctor = try CommandLineTool.run(["doctor"], environment: ["OMP_NUM_THREADS": "100000"])
        #expect(doctor.status == 0 && !doctor.output.contains("100000"), "\(doctor.output)\(doctor.errors)")
    }

    @Test func wrongUsageExitsWith64() throws {
        #expect(try CommandLineTool.run("train").status == 64)
        #expect(try CommandLineTool.run("search", "x", "--index", "y").status == 64)
        for threads in ["0", "-1", "100000", "many"] {
            #expect(try CommandLineTool.run("doctor", "--threads", threads).status == 64)
        }
    }
}
