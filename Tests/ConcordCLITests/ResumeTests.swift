import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ResumeTests {
    @Test func aRunKilledAtAnyInstantEndsInTheSameBits() throws {
        let world = try SmallWorld()
        let whole = try world.train("whole")
        #expect(whole.status == 0, "\(whole.errors)")
        let expected = try world.weights("whole")
        let killed = try world.trainKilling(
            "killed", ["train", world.recipe, "--data", world.data, "--out", world.run("killed")])
        #expect(killed.status == 0 && killed.text.contains("resumed at step"), "\(killed.text)")
        #expect(try world.weights("killed") == expected)
        #expect(try world.steps("killed") == Array(1...24))
    }

    @Test func afterKillsFineTuningEndsInTheSameBits() throws {
        let world = try SmallWorld()
        #expect(try world.train("pretrained", "--set", "steps=4").status == 0)
        let tuning = [
            "finetune", world.run("pretrained"), "--data", world.data, "--label", "tone", "--set", "steps=24",
            "--set", "checkpoint.every=4", "--set", "batch=8", "--out",
        ]
        let whole = try CommandLineTool.run(tuning + [world.run("whole"), "--json"])
        #expect(whole.status == 0, "\(whole.errors)")
        let result = try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? [String: Any]
        #expect(result?["run"] as? String == world.run("whole") && result?["evaluation"] != nil, "\(whole.output)")
        let killed = try world.trainKilling(
            "killed", tuning + [world.run("killed")],
            resuming: ["finetune", "--data", world.data, "--out", world.run("killed")])
        #expect(killed.status == 0 && killed.text.contains("resumed at step"), "\(killed.text)")
        #expect(try world.weights("killed") == world.weights("whole"))
        #expect(try world.steps("killed") == Array(1...24))
        let classified = try CommandLineTool.run(
            "classify", world.run("killed"), "--images", world.data + "/0.jpg", "--json")
        #expect(classified.status == 0, "\(classified.errors)")
    }

    @Test(arguments: ["no_such_column", "filepath"]) func aWrongLabelOfFineTuningIsOneLine(label: String) throws {
        let world = try SmallWorld()
        #expect(try world.train("pretrained", "--set", "steps=2").status == 0)
        let refused = try CommandLineTool.run(
            "finetune", world.run("pretrained"), "--data", world.data, "--label", label, "--per-class", "2",
            "--set", "steps=2")
        if label == "filepath" {  // every class has one sample: said, and trained
            #expect(refused.status == 0 && refused.output.contains("fewer"), "\(refused.output)\(refused.errors)")
        } else {
            #expect(refused.status == 1 && refused.errors.contains(label), "\(refused.errors)")
            #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        }
    }

    @Test func theEvaluationOfATrainedRunIsOneObject() throws {
        let world = try SmallWorld()
        let trained = try world.train("run", "--set", "steps=2", "--json")
        let result = try JSONSerialization.jsonObject(with: Data(trained.output.utf8)) as? [String: Any]
        #expect(trained.status == 0 && result?["run"] as? String == world.run("run"), "\(trained.output)")
        #expect(result?["evaluation"] is [String: Any], "\(trained.output)")
        #expect(trained.errors.contains("the run is in"), "\(trained.errors)")
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
