import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct InterruptionTests {
    /// A run without end that is past its first step, with what it prints.
    private func started(_ world: SmallWorld, _ settings: String...) throws -> (process: Process, log: String) {
        let log = world.folder.path + "/log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let process = try CommandLineTool.start(
            ["train", world.recipe, "--data", world.data, "--out", world.run(), "--set", "steps=100000"]
                + settings.flatMap { ["--set", $0] }, output: handle, errors: handle)
        wait { ((try? world.steps("run").count) ?? 0) < 1 && process.isRunning }
        return (process, log)
    }

    private func wait(while condition: () -> Bool) {
        let deadline = Date().addingTimeInterval(60)
        while condition(), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
    }

    private func ended(_ process: Process) -> Int32 {
        wait { process.isRunning }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalLeavesACheckpointAndItsExitCode(signal: Int32) throws {
        if signal == SIGHUP { Foundation.signal(SIGHUP, SIG_DFL) }  // the tests may run under nohup
        let world = try SmallWorld(), (process, log) = try started(world)
        kill(process.processIdentifier, signal)
        let status = ended(process), said = try String(contentsOfFile: log, encoding: .utf8)
        #expect(status == 128 + signal, "\(said)")
        let steps = try world.steps("run")
        let digits = String(repeating: "0", count: 8 - String(steps.count).count) + String(steps.count)
        #expect(FileManager.default.fileExists(atPath: "\(world.run())/checkpoints/step-\(digits).safetensors"))
        #expect(said.contains("stopped at step \(steps.count)"))
    }

    @Test func aRequestForACheckpointWritesOneAndTheRunGoesOnWithTheSameBits() throws {
        // The rate is constant, so a run of fewer steps is the beginning of one without end.
        let world = try SmallWorld()
        let settings = ["schedule.name=constant", "checkpoint.every=1000000", "checkpoint.keep=9"]
        let (process, log) = try started(world, settings[0], settings[1], settings[2])
        func said() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }
        kill(process.processIdentifier, SIGUSR1)
        let request = "as requested by SIGUSR1; the run continues"
        wait { (try? said().contains(request)) != true && process.isRunning }
        let asked = try world.steps("run").count
        wait { ((try? world.steps("run").count) ?? 0) <= asked && process.isRunning }
        kill(process.processIdentifier, SIGINT)
        let status = ended(process), text = try said()
        #expect(status == 128 + SIGINT && text.contains(request), "\(text)")
        let steps = try world.steps("run")
        #expect(steps == Array(1...steps.count) && steps.count > asked)
        let files = try FileManager.default.contentsOfDirectory(atPath: world.run() + "/checkpoints")
        #expect(
            files.filter { $0.hasPrefix("step-") && !$0.hasSuffix(".optimizer.safetensors") }.count == 2, "\(files)")

        let plain = try world.train("plain", "--set", "steps=\(steps.count)", "--set", settings[0])
        #expect(plain.status == 0, "\(plain.errors)")
        #expect(try world.weights("run", step: steps.count) == world.weights("plain", step: steps.count))
    }

    @Test func aSecondSignalEndsTheRunAtOnce() throws {
        let world = try SmallWorld(), (process, log) = try started(world)
        // Stopped, the process gets both before it can make another step.
        for signal in [SIGSTOP, SIGINT, SIGTERM, SIGCONT] { kill(process.processIdentifier, signal) }
        #expect([128 + SIGINT, 128 + SIGTERM].contains(ended(process)))
        #expect(try !String(contentsOfFile: log, encoding: .utf8).contains("stopped at step"))
    }

    /// A training in the shell, with redirections.
    private func shell(_ world: SmallWorld, _ rest: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c",
            "'\(CommandLineTool.path)' train '\(world.recipe)' --data '\(world.data)' --out '\(world.run())' \(rest)",
        ]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test func aReaderWhoGoesAwayEndsNoRun() throws {
        let world = try SmallWorld(), errors = world.folder.path + "/errors"
        #expect(try shell(world, "2> '\(errors)' | head -n 1 > /dev/null; exit ${PIPESTATUS[0]}") == 0)
        #expect(try String(contentsOfFile: errors, encoding: .utf8).contains("standard output was closed"))
        #expect(try world.steps("run") == Array(1...24))
    }

    @Test func closedStreamsPutNothingIntoTheRunsFiles() throws {
        let world = try SmallWorld()
        #expect(try shell(world, "<&- >&- 2>&-") == 0)
        #expect(try world.steps("run") == Array(1...24))
    }
}
