import Foundation
import Testing

@Suite(.serialized) struct ResumeTests {
    @Test func aRunKilledAtAnyInstantEndsInTheSameBits() throws {
        let world = try SmallWorld()
        let whole = try world.train("whole")
        #expect(whole.status == 0, "\(whole.errors)")
        let expected = try world.weights("whole")
        var isFirst = true
        var kills = 0
        var delay = 0.02
        while true {
            var arguments = ["train", world.recipe, "--data", world.data, "--out", world.run("killed")]
            if !isFirst { arguments.append("--resume") }
            let log = world.folder.path + "/log"
            _ = FileManager.default.createFile(atPath: log, contents: nil)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
            let process = try CommandLineTool.start(arguments, output: handle, errors: handle)
            isFirst = !FileManager.default.fileExists(atPath: world.run("killed") + "/recipe.yaml") && kills >= 10
            if kills < 10 {
                Thread.sleep(forTimeInterval: delay)
                kill(process.processIdentifier, SIGKILL)
                delay *= 1.35
                kills += 1
                process.waitUntilExit()
                isFirst = !FileManager.default.fileExists(atPath: world.run("killed") + "/recipe.yaml")
                continue
            }
            process.waitUntilExit()
            let text = try String(contentsOfFile: log, encoding: .utf8)
            #expect(process.terminationStatus == 0, "\(text)")
            #expect(text.contains("resumed at step"))
            break
        }
        #expect(try world.weights("killed") == expected)
        #expect(try world.steps("killed") == Array(1...24))
    }

    @Test(arguments: [1, 4]) func theNumberOfLoaderThreadsChangesNoBit(threads: Int) throws {
        let world = try SmallWorld()
        let two = try world.train("two"), other = try world.train("other", "--set", "loader.threads=\(threads)")
        #expect(two.status == 0 && other.status == 0, "\(two.errors)\(other.errors)")
        #expect(try world.weights("two") == world.weights("other"))
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalLeavesACheckpointAndItsExitCode(signal: Int32) throws {
        let world = try SmallWorld()
        let log = world.folder.path + "/log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let process = try CommandLineTool.start(
            ["train", world.recipe, "--data", world.data, "--out", world.run(), "--set", "steps=100000"], output: handle, errors: handle)
        let deadline = Date().addingTimeInterval(60)
        func wait(while condition: () -> Bool) { while condition(), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) } }
        wait { ((try? world.steps("run").count) ?? 0) < 1 && process.isRunning }
        kill(process.processIdentifier, signal)
        wait { process.isRunning }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        #expect(process.terminationStatus == 128 + signal)
        let steps = try world.steps("run")
        let digits = String(repeating: "0", count: 8 - String(steps.count).count) + String(steps.count)
        #expect(FileManager.default.fileExists(atPath: "\(world.run())/checkpoints/step-\(digits).safetensors"))
    }

    @Test func aRunThatIsThereIsRefusedWithoutResume() throws {
        let world = try SmallWorld()
        #expect(try world.train().status == 0)
        let again = try world.train()
        #expect(again.status == 1)
        #expect(again.errors.contains("--resume"))
        let changed = try world.train("run", "--resume", "--set", "optimizer.learning_rate=1e-3")
        #expect(changed.status == 1)
        #expect(changed.errors.contains("learning_rate"))
    }
}
