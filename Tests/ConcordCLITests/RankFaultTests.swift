import Foundation
import TestSupport
import Testing

extension RankTests {
    /// Every fault ends all ranks, with one line of what failed where; the run goes on from its newest checkpoint on
    /// fewer ranks.
    @Suite(.serialized) struct FaultTests {
        private let tools: MPITools
        private let world: RankWorld
        private let settings = ["checkpoint.every=2", "schedule.name=constant"]

        init() throws {
            tools = try #require(MPITools.shared)
            world = try RankWorld(tools)
        }

        private func endless(data: String? = nil) -> [String] {
            var command = world.command("simclr", "run", settings + ["steps=100000"])
            if let data, let place = command.firstIndex(of: world.data) { command[place] = data }
            return command
        }

        private var stepsMade: Int { (try? world.steps("run").count) ?? 0 }

        /// One error line, with every one of `words`, and no report of a crash.
        private func expectOneLine(
            _ outcome: RankProcesses.Outcome, status: Int32 = 1, _ words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.isOver && outcome.status == status, "\(outcome.text)", sourceLocation: sourceLocation)
            #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    outcome.errorLines.first?.contains(word) ?? false, "\(outcome.errors)",
                    sourceLocation: sourceLocation)
            }
            expectNoCrash(outcome, sourceLocation)
        }

        private func expectNoCrash(_ outcome: RankProcesses.Outcome, _ sourceLocation: SourceLocation) {
            for word in ["Fatal error", "💣", "Segmentation", "Backtrace", "*** Process received signal"] {
                #expect(!outcome.text.contains(word), "\(outcome.text)", sourceLocation: sourceLocation)
            }
        }

        /// Resumes on fewer ranks from a checkpoint that is no older than the last one due.
        private func expectToContinue(
            ranks: Int, from least: Int, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let steps = stepsMade + 3
            let outcome = try world.train("simclr", "run", ranks: ranks, ["steps=\(steps)"], ["--resume"])
            #expect(outcome.status == 0, "\(outcome.text)", sourceLocation: sourceLocation)
            let resumed = outcome.output.split(separator: "\n").first { $0.contains("resumed at step ") }
            let step = resumed.flatMap { Int($0.split(separator: " ").last { Int($0) != nil } ?? "") } ?? -1
            #expect(step >= least, "\(outcome.output)", sourceLocation: sourceLocation)
            #expect(try world.steps("run").map(\.step) == Array(1...steps), sourceLocation: sourceLocation)
        }

        @Test(arguments: [0, 1]) func aKilledRankEndsTheOthersAndIsNamed(rank: Int) throws {
            let job = try tools.start(ranks: 3, endless())
            job.wait { stepsMade >= 3 }
            kill(try #require(job.identifier(ofRank: rank)), SIGKILL)
            let outcome = try job.ended()
            #expect(outcome.isOver && outcome.status == 128 + SIGKILL, "\(outcome.text)")
            // mpirun's line: the process had no time for one.
            #expect(outcome.errors.contains("rank \(rank) ") && outcome.errors.contains("signal 9 (Killed)"))
            #expect(outcome.errorLines.isEmpty)
            expectNoCrash(outcome, #_sourceLocation)
            try expectToContinue(ranks: 2, from: 2)
        }

        @Test func aKilledLauncherLeavesNoRankBehind() throws {
            let job = try tools.start(ranks: 2, endless())
            job.wait { stepsMade >= 3 }
            let ranks = try (0...1).map { try #require(job.identifier(ofRank: $0)) }
            kill(job.identifier, SIGKILL)
            _ = try job.ended()
            let deadline = Date().addingTimeInterval(60)
            while ranks.contains(where: { kill($0, 0) == 0 }), Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
            #expect(ranks.allSatisfy { kill($0, 0) != 0 })
            for rank in ranks { kill(rank, SIGKILL) }
            try expectToContinue(ranks: 1, from: 2)
        }

        /// mpirun tells its ranks; one that is told tells the others.
        @Test(arguments: [(SIGTERM, nil), (SIGINT, nil), (SIGTERM, 1), (SIGINT, 0)] as [(Int32, Int?)])
        func aSignalLeavesACheckpoint(signal: Int32, rank: Int?) throws {
            let job = try tools.start(ranks: 2, endless())
            job.wait { stepsMade >= 3 }
            kill(try #require(rank.map { job.identifier(ofRank: $0) } ?? job.identifier), signal)
            let outcome = try job.ended(), steps = stepsMade
            #expect(outcome.isOver, "\(outcome.text)")
            #expect(outcome.status == (rank == nil ? 1 : 128 + signal), "\(outcome.text)")
            #expect(outcome.output.contains("stopped at step \(steps); go on with --resume"), "\(outcome.text)")
            expectNoCrash(outcome, #_sourceLocation)
            try expectToContinue(ranks: 1, from: steps)
        }

        @Test func aRequestForACheckpointIsOneOfAllRanks() throws {
            var command = endless()
            command[try #require(command.firstIndex(of: "checkpoint.every=2"))] = "checkpoint.every=100000"
            let job = try tools.start(ranks: 2, command), folder = world.run("run") + "/checkpoints"
            func checkpoints() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
            job.wait { stepsMade >= 2 }
            #expect(checkpoints().isEmpty)
            kill(job.identifier, SIGUSR1)
            job.wait { checkpoints().count == 2 }
            let steps = stepsMade
            job.wait { stepsMade > steps + 1 }  // it goes on
            kill(job.identifier, SIGKILL)
            _ = try job.ended()
            #expect(checkpoints().count == 2)
        }

        @Test func dataThatGoesAwayOnOneRankEndsAllAndIsNamed() throws {
            let other = world.folder.file("other")
            try FileManager.default.copyItem(atPath: world.data, toPath: other)
            let job = try tools.start([(1, endless()), (1, endless(data: other))])
            job.wait { stepsMade >= 3 }
            try FileManager.default.removeItem(atPath: other + "/images")
            expectOneLine(try job.ended(), "rank 1 of 2: ", "samples tried are unreadable", other, "No such file")
            try expectToContinue(ranks: 1, from: 2)
        }

        @Test func dataThatOneRankLacksIsNamedBeforeTheFirstStep() throws {
            let none = world.folder.file("none"), other = world.folder.file("other")
            expectOneLine(
                try tools.start([(1, endless()), (1, endless(data: none))]).ended(),
                "rank 1 of 2: \(none): the data directory is not there")
            try FileManager.default.copyItem(atPath: world.data, toPath: other)
            for n in 1..<96 { try FileManager.default.removeItem(atPath: "\(other)/images/\(n).jpg") }
            // All ranks learn of it where they gather embeddings.
            let outcome = try tools.start([(1, endless()), (1, endless(data: other))]).ended()
            expectOneLine(outcome, "Error: rank 1 of 2: ", "unreadable", "\(other)/images/")
            #expect(outcome.errorLines.first?.contains("rank 0") == false)
        }

        @Test func aRankWithoutMemoryEndsAllAndTheRunGoesOnWithOneThatHasIt() throws {
            let wide = settings + ["model.text.width=512", "batch=16"]
            #expect(try world.train("masked", "run", ranks: 2, wide + ["steps=2"]).status == 0)
            let command = world.command("masked", "run", ["steps=4"], ["--resume"])
            let quoted = command.map { "'\($0)'" }.joined(separator: " ")
            let limited = ["bash", "-c", "ulimit -v 600000; exec \(quoted)"]
            expectOneLine(
                try tools.start([(1, command), (1, limited)]).ended(), "rank 1 of 2: out of memory: ", "ulimit -v",
                "--resume")
            #expect(try world.train("masked", "run", ranks: 1, ["steps=3"], ["--resume"]).status == 0)
            let small = ["bash", "-c", "ulimit -v 250000; exec \(quoted)"]
            expectOneLine(try tools.start([(1, command), (1, small)]).ended(), "rank 1: the limit on address space")
        }

        @Test func aDamagedCheckpointIsOneLine() throws {
            #expect(try world.train("towers", "run", ranks: 2, settings + ["steps=4"]).status == 0)
            let file = world.run("run") + "/checkpoints/step-00000004.safetensors"
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: file))
            expectOneLine(
                try world.train("towers", "run", ranks: 3, ["steps=6"], ["--resume"]), file, "remove it", "step 2")
            try FileManager.default.removeItem(atPath: file)
            let resumed = try world.train("towers", "run", ranks: 3, ["steps=6"], ["--resume"])
            #expect(resumed.status == 0 && resumed.output.contains("resumed at step 2"), "\(resumed.text)")
        }

        @Test func whatAllRanksRefuseIsSaidOnce() throws {
            expectOneLine(
                try world.train("simclr", "run", ranks: 3, ["optimiser.clip=1"]), "optimiser", "\"optimizer\"")
            expectOneLine(try world.train("simclr", "run", ranks: 3, ["batch=2"]), "batch 2 for 3 ranks")
            expectOneLine(try world.train("simclr", "run", ranks: 2, [], ["--resume"]), "nothing to resume")
            let synchronized = try world.train("simclr", "run", ranks: 2, ["microbatch=4", "model.image.norm=group"])
            expectOneLine(synchronized, "ranks.sync_batch_norm with microbatch")
            #expect(!FileManager.default.fileExists(atPath: world.run("run")))
        }

        @Test func wrongUsageIsSaidOnce() throws {
            let concord = tools.path("concord")
            expectOneLine(try tools.run(ranks: 2, [concord, "train"]), status: 64, "Missing expected argument")
            expectOneLine(
                try tools.run(ranks: 2, [concord, "evaluate", "run", "--data", world.data]), status: 64,
                "started 2 times by a launcher")
            let right = world.command("towers", "run"), wrong = right + ["--thread"]
            expectOneLine(try tools.start([(1, right), (1, wrong)]).ended(), status: 64, "rank 1 of 2: Unknown option")
        }

        @Test(.disabled(if: MPITools.areOfThisBuild, "this build has MPI")) func aBuildWithoutMPISaysHowToGetIt() throws
        {
            let command = [CommandLineTool.path] + world.command("towers", "run").dropFirst()
            expectOneLine(try tools.run(ranks: 2, command), "this build has no MPI", "--traits MPI")
            #expect(!FileManager.default.fileExists(atPath: world.run("run")))
        }
    }
}
