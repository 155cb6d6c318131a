import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ExtensionTests {
    private let constant = ["--set", "schedule.name=constant", "--set", "schedule.warmup_steps=4"]

    private func train(
        _ world: SmallWorld, _ name: String, _ more: [String], recipe: Bool = true
    ) throws -> CommandLineTool.Outcome {
        try CommandLineTool.run(
            ["train"] + (recipe ? [world.recipe] : []) + ["--data", world.data, "--out", world.run(name)] + more)
    }

    @Test func anExtendedRunOfConstantLearningRateEqualsALongOne() throws {
        let world = try SmallWorld()
        #expect(try train(world, "long", constant + ["--set", "steps=24"]).status == 0)
        #expect(try train(world, "short", constant + ["--set", "steps=10"]).status == 0)
        let extended = try train(world, "short", ["--resume", "--set", "steps=24"])
        #expect(
            extended.status == 0 && extended.output.contains("the run ends at update 24 in place of 10"),
            "\(extended.errors)")
        #expect(!extended.output.contains("learning rate of update"), "\(extended.output)")
        #expect(try world.weights("short") == world.weights("long"))
        #expect(try world.steps("short") == Array(1...24))
    }

    @Test func theChangeOfTheScheduleIsSaidAndTheNewLengthIsKept() throws {
        let world = try SmallWorld()
        #expect(try train(world, "run", ["--set", "steps=8"]).status == 0)
        let extended = try train(world, "run", ["--resume", "--set", "steps=16"])
        #expect(extended.status == 0, "\(extended.errors)")
        #expect(extended.output.contains("the learning rate of update 9 is 0.0015 in place of 0"), "\(extended.output)")
        let again = try train(world, "run", ["--resume"])
        #expect(
            again.status == 0 && again.output.contains("resumed at step 16") && !again.output.contains("in place of"),
            "\(again.errors)")
        let shorter = try train(world, "run", ["--resume", "--set", "steps=12"])
        #expect(shorter.status == 1, "\(shorter.output)")
        #expect(shorter.errors.contains("12 steps are 12 updates, and the run has made 16"), "\(shorter.errors)")
    }

    @Test func aResumeNeedsNeitherTheRecipeNorWhatWasSetAtTheStart() throws {
        let world = try SmallWorld()
        #expect(try train(world, "run", ["--set", "batch=6", "--set", "steps=4"]).status == 0)
        let named = try train(world, "run", ["--resume"])
        #expect(named.status == 0 && named.output.contains("resumed at step 4"), "\(named.errors)")
        let unnamed = try train(world, "run", ["--resume", "--set", "steps=6"], recipe: false)
        #expect(unnamed.status == 0, "\(unnamed.errors)")
        #expect(try world.steps("run") == Array(1...6))
        let changed = try train(world, "run", ["--resume", "--set", "batch=8"], recipe: false)
        #expect(changed.status == 1 && changed.errors.contains("\"batch: 6\""), "\(changed.errors)")
        try SmallWorld.yaml.replacingOccurrences(of: "2e-3", with: "1e-3").write(
            toFile: world.recipe, atomically: true, encoding: .utf8)
        let edited = try train(world, "run", ["--resume"])
        #expect(edited.status == 1 && edited.errors.contains("learning_rate"), "\(edited.errors)")
        let none = try train(world, "other", [], recipe: false)
        #expect(none.status == 64 && none.errors.contains("RECIPE"), "\(none.errors)")
    }

    @Test func trainingStopsWhenAMetricNoLongerImproves() throws {
        let world = try SmallWorld()
        let settings = [
            "--set", "evaluate.every=2", "--set", "early_stopping.patience=2",
            "--set", "early_stopping.metric=retrieval.image_to_text.r1", "--set", "early_stopping.min_delta=1",
        ]
        let outcome = try train(world, "run", settings)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.contains("stopped at step 6: retrieval.image_to_text.r1 has not improved for 2 evaluations"),
            "\(outcome.output)")
        #expect(try world.steps("run") == Array(1...6))
        #expect(try world.weights("run", step: 6).count > 0)
        let unknown = try train(world, "b", settings + ["--set", "early_stopping.metric=r1"])
        #expect(unknown.status == 1 && unknown.errors.contains("no metric \"r1\""), "\(unknown.errors)")
        let never = try train(
            world, "c", ["--set", "early_stopping.patience=2", "--set", "checkpoint.best=retrieval.image_to_text.r1"])
        #expect(never.status == 1 && never.errors.contains("evaluate.every"), "\(never.errors)")
    }
}
