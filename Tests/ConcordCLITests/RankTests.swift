import Concord
import Foundation
import TestSupport
import Testing

/// Runs of several processes. They come one after another: each has as many processes as this machine has cores, or
/// more.
@Suite(.serialized, .enabled(if: MPITools.areThere, "\(MPITools.advice)")) struct RankTests {}

extension RankTests {
    /// Twenty steps of ranks, against those of one process with the same batch.
    @Suite(.serialized) struct LossTests {
        private let world: RankWorld

        init() throws { world = try RankWorld(#require(MPITools.shared)) }

        /// The steps of a run that is to succeed.
        private func steps(_ recipe: String, ranks: Int, _ settings: [String] = []) throws -> [RankWorld.Step] {
            let name = "run-\(UUID().uuidString)"
            let outcome = try world.train(recipe, name, ranks: ranks, settings)
            try #require(outcome.status == 0, "\(outcome.text)")
            #expect(ranks == 1 || outcome.output.contains("; \(ranks) ranks, \(ranks) on this machine"))
            return try world.steps(name)
        }

        /// - Parameters:
        ///   - first: relative difference of the losses of step 1 at most.
        ///   - later: of any step.
        private func expectClose(
            _ steps: [RankWorld.Step], _ others: [RankWorld.Step], first: Double = 1e-5, later: Double = 1e-4,
            _ name: String, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(steps.map(\.step) == Array(1...20) && others.map(\.step) == Array(1...20))
            let differences = zip(steps, others).map { abs($0.loss - $1.loss) / abs($1.loss) }
            #expect((differences.first ?? 1) <= first, "\(name): step 1", sourceLocation: sourceLocation)
            #expect((differences.max() ?? 1) <= later, "\(name): \(differences)", sourceLocation: sourceLocation)
            // What the losses of a small learning rate do not show. A rectifier's kink makes it jump by 1e-4 at most.
            let norms = zip(steps, others).map { abs($0.gradientNorm - $1.gradientNorm) / $1.gradientNorm }
            #expect((norms.first ?? 1) <= max(1e-3, 100 * first), "\(name): \(norms)", sourceLocation: sourceLocation)
        }

        /// 32 and 12 samples are 11, 10 and 11 of three ranks, and 3 of each of four.
        @Test(
            arguments: [
                ("clip", [2, 4]), ("labels", [2, 3]), ("simclr", [2, 4]), ("moco", [2, 4]), ("masked", [2, 4]),
                ("predictive", [2, 3]), ("towers", [2, 4]), ("sum", [2, 4]),
            ])
        func ofRanksAreThoseOfOneProcess(recipe: String, counts: [Int]) throws {
            let alone = try steps(recipe, ranks: 1)
            for count in counts {
                expectClose(try steps(recipe, ranks: count), alone, "\(recipe) on \(count) ranks")
            }
        }

        /// The comparison would show it.
        @Test func withoutSynchronizedStatisticsAreOthers() throws {
            let alone = try steps("clip", ranks: 1)
            let ranks = try steps("clip", ranks: 2, ["ranks.sync_batch_norm=false"])
            #expect(abs(ranks[0].loss / alone[0].loss - 1) > 1e-3)
        }

        @Test(arguments: ["clip", "simclr"]) func ofTheRingAreThoseOfGatheredEmbeddings(recipe: String) throws {
            let gathered = try steps(recipe, ranks: 3), ring = try steps(recipe, ranks: 3, ["ranks.contrast=ring"])
            expectClose(ring, gathered, first: 1e-6, "ring")
        }

        @Test func ofAShardedOptimizerAreTheSameBits() throws {
            let plain = try steps("simclr", ranks: 3)
            #expect(try steps("simclr", ranks: 3, ["ranks.shard_optimizer=true"]) == plain)
        }

        /// With accumulation, and in microbatches.
        @Test(
            arguments: [
                ("masked", ["optimizer.accumulate=2"]), ("masked", ["microbatch=2"]), ("labels", ["microbatch=5"]),
            ])
        func ofUpdatesInPiecesAreThoseOfOneProcess(recipe: String, settings: [String]) throws {
            let alone = try steps(recipe, ranks: 1, settings)
            expectClose(try steps(recipe, ranks: 2, settings), alone, "\(settings)")
        }

        /// The second of two ranks is on a processor without bfloat16.
        @Test func autoIsThePrecisionThatAllRanksHave() throws {
            let command = world.command("towers", "run", ["precision=auto", "steps=2"])
            let older = ["env", "ONEDNN_MAX_CPU_ISA=AVX2"] + command
            let ranks = try world.tools.start([(1, command), (1, older)])
            let outcome = try ranks.ended(within: 60)
            try #require(outcome.status == 0, "\(outcome.text)")
            let reason = Processor.hasBFloat16 ? "not native on every rank" : "no native bfloat16"
            #expect(outcome.output.contains("; precision float32 (auto: \(reason)); "), "\(outcome.text)")
            let recipe = try String(contentsOfFile: world.run("run") + "/recipe.yaml", encoding: .utf8)
            #expect(recipe.contains("\nprecision: float32\n"), "\(recipe)")
        }

        /// Products of numbers with 8 bits. Each process rounds its own share as the whole is rounded, the sums of
        /// gradients are float32: what differs comes from sums that end just beside a number with 8 bits.
        @Test func inBFloat16AreThoseOfOneProcessWithinItsRounding() throws {
            let settings = ["precision=bfloat16"]
            let alone = try steps("masked", ranks: 1, settings)
            expectClose(try steps("masked", ranks: 2, settings), alone, first: 1e-3, later: 4e-3, "bfloat16")
        }
    }
}
