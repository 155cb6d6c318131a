import Concord
import Foundation
import TestSupport
import Testing

@Suite struct AudioTests {
    @Test func threeModalitiesOfWhichSomeThingsLackOneServeEveryCommand() throws {
        let world = try AudioWorld()
        let trained = try world.train("three")
        #expect(trained.status == 0, "\(trained.output)\(trained.errors)")
        let evaluation = try CommandLineTool.run("evaluate", world.run(), "--data", world.data, "--json")
        let report = try JSONDecoder().decode(EvaluationReport.self, from: Data(evaluation.output.utf8))
        #expect(
            report.retrieval?.count == 6 && report.zeroShot?["pitch"]?.classes == ["high", "low", "mid", "top"],
            "\(evaluation.output)\(evaluation.errors)")

        let index = world.folder.path + "/index.safetensors"
        let embed = try CommandLineTool.run(
            "embed", world.run(), "--audio", world.data + "/sounds", "--per-file", "--out", index)
        #expect(embed.status == 0 && embed.output.contains("32 embeddings of 16"), "\(embed.errors)")
        let search = try CommandLineTool.run(
            "search", world.run(), "--index", index, "--audio", world.sound(5), "-k", "2")
        #expect(search.output.hasPrefix("1.0000\t" + world.sound(5)), "\(search.output)\(search.errors)")
        let classified = try CommandLineTool.run(
            "classify", world.run(), "--classes", "low", "top", "--audio", world.sound(0), world.sound(3))
        #expect(classified.status == 0 && classified.output.split(separator: "\n").count == 2, "\(classified.errors)")
        let both = try CommandLineTool.run(
            "classify", world.run(), "--classes", "low", "--audio", world.sound(0), "--images", world.data)
        #expect(both.status == 64)
    }

    @Test(arguments: ["predictive", "frames"]) func aPredictiveRunIsProbedAndEmbedsSounds(recipe: String) throws {
        let world = try AudioWorld()
        let trained = try world.train(recipe)
        #expect(trained.status == 0 && trained.output.contains("untrained"), "\(trained.output)\(trained.errors)")
        let evaluation = try CommandLineTool.run("evaluate", world.run(), "--data", world.data, "--json")
        let report = try JSONDecoder().decode(EvaluationReport.self, from: Data(evaluation.output.utf8))
        #expect(report.linearProbe?["pitch"]?.classes.count == 4 && report.retrieval == nil && report.zeroShot == nil)
        let index = world.folder.path + "/index.safetensors"
        let embed = try CommandLineTool.run(
            "embed", world.run(), "--audio", world.sound(1), world.sound(2), "--out", index)
        #expect(embed.status == 0 && embed.output.contains("2 embeddings of 8"), "\(embed.errors)")
        let text = try CommandLineTool.run("search", world.run(), "--index", index, "--text", "low")
        #expect(text.status == 1 && text.errors.contains("no text tower"), "\(text.errors)")
        let classes = try CommandLineTool.run("classify", world.run(), "--classes", "low", "--audio", world.sound(1))
        #expect(classes.status == 1 && classes.errors.contains("contrastive"), "\(classes.errors)")
    }

    @Test func aMaskedLanguageModelIsEvaluatedOnHeldOutText() throws {
        let world = try AudioWorld()
        let trained = try world.train("masked")
        #expect(trained.status == 0 && trained.output.contains("unigram"), "\(trained.output)\(trained.errors)")
        let evaluation = try CommandLineTool.run("evaluate", world.run(), "--data", world.data, "--json")
        let report = try JSONDecoder().decode(EvaluationReport.self, from: Data(evaluation.output.utf8))
        let words = try #require(report.maskedWords)
        #expect(words.crossEntropy > 0 && words.unigramCrossEntropy > 0 && words.tokens > 50)
        let metrics = try String(contentsOfFile: world.run() + "/metrics.jsonl", encoding: .utf8)
        #expect(metrics.contains("masked_words.cross_entropy"))
        let index = world.folder.path + "/index.safetensors"
        let embed = try CommandLineTool.run("embed", world.run(), "--texts", world.data + "/test.txt", "--out", index)
        #expect(embed.status == 0 && embed.output.contains("120 embeddings of 16"), "\(embed.errors)")
    }

    @Test(arguments: [
        ("three", "loader.prefetch=3"), ("predictive", "loader.prefetch=3"), ("masked", "loader.prefetch=3"),
        ("three", "microbatch=3"),
        ("masked", "microbatch=3"),
    ])
    func aRunStoppedAndResumedEndsInTheSameBits(recipe: String, setting: String) throws {
        let world = try AudioWorld()
        let accepted = setting.hasPrefix("microbatch") ? "microbatch_statistics=per_microbatch" : setting
        #expect(try world.train(recipe, "whole", "--set", setting, "--set", accepted).status == 0)
        // The learning rate follows the whole length, so the run is cut by deleting its last checkpoints, not by a
        // shorter one.
        #expect(try world.train(recipe, "cut", "--set", setting, "--set", accepted).status == 0)
        let checkpoints = world.run("cut") + "/checkpoints"
        let files = try FileManager.default.contentsOfDirectory(atPath: checkpoints).filter {
            $0.hasSuffix(".safetensors")
        }.sorted()
        let last = try #require(files.last { !$0.contains("optimizer") })
        let stem = last.replacingOccurrences(of: ".safetensors", with: "")
        for file in try FileManager.default.contentsOfDirectory(atPath: checkpoints) where file.hasPrefix(stem) {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + file)
        }
        let resumed = try world.train(
            recipe, "cut", "--resume", "--set", setting, "--set", accepted, "--set", "loader.threads=1")
        #expect(resumed.status == 0 && resumed.output.contains("resumed at step"), "\(resumed.output)\(resumed.errors)")
        #expect(!resumed.output.contains("resumed at step 0"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: world.run("whole") + "/checkpoints/" + last))
        #expect(try Data(contentsOf: URL(fileURLWithPath: checkpoints + "/" + last)) == whole)
    }

    @Test func anObjectiveThatNeedsItsWholeBatchRefusesPieces() throws {
        let world = try AudioWorld()
        let refused = try world.train("predictive", "run", "--set", "microbatch=3", "--set", "model.audio.norm=group")
        #expect(
            refused.status == 1 && refused.errors.contains("negatives are frames of other sequences"),
            "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run() + "/recipe.yaml"))
    }

    @Test func recordingsTooFewOrShortForABatchNameTheKeysToChange() throws {
        let world = try AudioWorld()
        // Clips of 0.4 to 0.56 seconds.
        let short = try world.train(
            "predictive", "short", "--set", "data.group=", "--set", "views.audio.seconds=0.5", "--set", "batch=30")
        #expect(short.status == 1, "\(short.output)")
        #expect(short.errors.contains("Error: batch: 30 is more than the "), "\(short.errors)")
        #expect(short.errors.contains("are shorter than views.audio.seconds 0.5 and not used"), "\(short.errors)")
        #expect(short.errors.contains("(data.group)") && !short.errors.contains("last short one"))
        let few = try world.train("three", "few", "--set", "batch=100")
        #expect(few.errors.contains("samples to train on; make it smaller, or give more data"), "\(few.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run("few")))
    }

    @Test func badSoundsAreReplacedCountedAndNamed() throws {
        let world = try AudioWorld()
        try Data("no sound at all".utf8).write(to: URL(fileURLWithPath: world.sound(1)))
        let outcome = try world.train("three", "run", "--set", "data.bad_fraction=0.3")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect((outcome.output + outcome.errors).contains("mid_1.wav"))
        let streams = try world.train("predictive", "streams", "--set", "data.bad_fraction=0.3")
        #expect(
            streams.status == 0 && (streams.output + streams.errors).contains("mid_1.wav"),
            "\(streams.output)\(streams.errors)")
        for n in 0..<20 { try Data("none".utf8).write(to: URL(fileURLWithPath: world.sound(n))) }
        for recipe in ["three", "predictive"] {
            let refused = try world.train(recipe, recipe)
            #expect(refused.status == 1 && refused.errors.contains(".wav"), "\(refused.errors)")
        }
    }
}
