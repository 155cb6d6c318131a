import Foundation
import TestSupport
import Testing

extension RankTests {
    /// A run that goes on with as many ranks, with fewer, or with one.
    @Suite(.serialized) struct ResumeTests {
        private let world: RankWorld
        /// The end of a run that is twice as long is no other schedule.
        private let settings = ["schedule.name=constant"]

        init() throws { world = try RankWorld(#require(MPITools.shared)) }

        private func train(_ recipe: String, _ run: String, ranks: Int, steps: Int, _ more: [String] = []) throws {
            let all = (more.contains("--resume") ? [] : settings) + ["steps=\(steps)"]
            let outcome = try world.train(recipe, run, ranks: ranks, all, more)
            try #require(outcome.status == 0, "\(outcome.text)")
            #expect(outcome.output.contains("resumed at step 10") == more.contains("--resume"), "\(outcome.text)")
        }

        /// Queue, target network, batch statistics and moments are in the checkpoint, and which batch is next.
        @Test func itContinuesOnAnyNumberOfRanks() throws {
            try train("moco", "whole", ranks: 4, steps: 20)
            try train("moco", "half", ranks: 4, steps: 10)
            let whole = try world.steps("whole")
            #expect(try world.steps("half") == Array(whole.prefix(10)))
            for count in [4, 2, 1] {
                let name = "on-\(count)"
                try FileManager.default.copyItem(atPath: world.run("half"), toPath: world.run(name))
                try train("moco", name, ranks: count, steps: 20, ["--resume"])
                let steps = try world.steps(name)
                #expect(steps.map(\.step) == Array(1...20))
                if count == 4 {
                    #expect(steps == whole)
                    for kind in ["", ".optimizer"] {
                        let (own, other) = (
                            try world.checkpoint(name, step: 20, kind), try world.checkpoint("whole", step: 20, kind)
                        )
                        #expect(own == other, "\(kind)")
                    }
                } else {
                    let differences = zip(steps, whole).map { abs($0.loss - $1.loss) / $1.loss }
                    #expect(differences.allSatisfy { $0 <= 1e-4 }, "\(differences)")
                }
            }
        }

        /// The shares' moments are in one file, which any number of ranks reads.
        @Test func aShardedOptimizerContinuesOnAnyNumberOfRanks() throws {
            try train("masked", "whole", ranks: 3, steps: 20)
            try train("masked", "run", ranks: 3, steps: 10, ["--set", "ranks.shard_optimizer=true"])
            try train("masked", "run", ranks: 2, steps: 20, ["--resume"])
            let differences = zip(try world.steps("run"), try world.steps("whole")).map {
                abs($0.loss - $1.loss) / $1.loss
            }
            #expect(differences.count == 20 && differences.allSatisfy { $0 <= 1e-5 }, "\(differences)")
        }
    }
}
