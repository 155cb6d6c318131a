import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ResumeTests {
    @Test func aRunKilledAtAnyInstantEndsInTheSameBits() throws {
        let world = try SmallWorld()
        let whole = try world.train("whole")
        #expect(whole.status == 0, "\(whole.errors)")
        let expected = try world.weights("whole")
        func start() throws -> (process: Process, log: String) {
            var arguments = ["train", world.recipe, "--data", world.data, "--out", world.run("killed")]
            if FileManager.default.fileExists(atPath: world.run("killed") + "/recipe.yaml") {
                arguments.append("--resume")
            }
            let log = world.folder.path + "/log"
            _ = FileManager.default.createFile(atPath: log, contents: nil)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
            return (try CommandLineTool.start(arguments, output: handle, errors: handle), log)
        }
        // Ten kills, and as many more as a busy machine needs until one falls into the training.
        var kills = 0, delay = 0.02
        while kills < 10 || ((try? world.steps("killed").isEmpty) ?? true) {
            let process = try start().process
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            (kills, delay) = (kills + 1, delay * 1.35)
        }
        let (process, log) = try start()
        process.waitUntilExit()
        let text = try String(contentsOfFile: log, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("resumed at step"))
        #expect(try world.weights("killed") == expected)
        #expect(try world.steps("killed") == Array(1...24))
    }

    @Test func aRunInPiecesOfItsBatchesIsNotResumedAsAnother() throws {
        let world = try SmallWorld()
        #expect(try world.train("pieces", "--set", "microbatch=3", "--set", "model.image.norm=group").status == 0)
        #expect(try world.steps("pieces") == Array(1...24))
        let other = try world.train("pieces", "--resume", "--set", "microbatch=4")
        #expect(other.status == 1 && other.errors.contains("microbatch"), "\(other.errors)")
    }

    @Test func computingBlocksAgainChangesNoBit() throws {
        let world = try SmallWorld()
        let plain = try world.train("plain")
        let again = try world.train(
            "again", "--set", "model.image.checkpointing=true", "--set", "model.text.checkpointing=true")
        #expect(plain.status == 0 && again.status == 0, "\(plain.errors)\(again.errors)")
        #expect(try world.weights("plain") == world.weights("again"))
    }

    @Test(arguments: [1, 4]) func theNumberOfLoaderThreadsChangesNoBit(threads: Int) throws {
        let world = try SmallWorld()
        let two = try world.train("two"), other = try world.train("other", "--set", "loader.threads=\(threads)")
        #expect(two.status == 0 && other.status == 0, "\(two.errors)\(other.errors)")
        #expect(try world.weights("two") == world.weights("other"))
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
