import Concord
import Foundation
import TestSupport
import Testing

/// Labels whose held-out values training lacks, and labels of one class.
@Suite struct LabelTests {
    private func report(_ run: String, _ data: String, _ more: String...) throws -> EvaluationReport {
        let outcome = try CommandLineTool.run(["evaluate", run, "--data", data, "--json"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(EvaluationReport.self, from: Data(outcome.output.utf8))
    }

    /// Adds a column `group` to the world's table and a label of it.
    private func world(_ group: (Int) -> String) throws -> SmallWorld {
        let world = try SmallWorld()
        var lines = try String(contentsOfFile: world.data + "/pairs.tsv", encoding: .utf8).split(separator: "\n").map(
            String.init)
        for n in lines.indices { lines[n] += "\t" + (n == 0 ? "group" : group(n - 1)) }
        try lines.joined(separator: "\n").write(toFile: world.data + "/pairs.tsv", atomically: true, encoding: .utf8)
        return world
    }

    @Test func valuesThatTrainingLacksAreLeftOutOfThatOneProbe() throws {
        // Held out are the groups c and d; d is in training too.
        let world = try world { n in n < 16 ? "a" : n < 32 ? "b" : n < 36 ? "c" : "d" }
        let change = [
            "--set", "data.split={column: group, values: [c]}", "--set", "data.labels=[tone, group]", "--set",
            "steps=2",
        ]
        let trained = try CommandLineTool.run(
            ["train", world.recipe, "--data", world.data, "--out", world.run()] + change)
        #expect(trained.status == 0, "\(trained.errors)")
        let found = try report(world.run(), world.data)
        #expect(found.unknownValues == ["group": ["c": 4]])
        #expect(found.linearProbe?["group"] == nil && found.knn?["group"] == nil)
        #expect(found.linearProbe?["tone"]?.confusion.joined().reduce(0, +) == 4 && found.knn?["tone"] != nil)
        // Zero-shot needs no training rows: it is of every label, over the classes of all rows.
        #expect(found.zeroShot?["tone"] != nil && found.zeroShot?["group"]?.classes == ["a", "b", "c", "d"])
        let table = try CommandLineTool.run("evaluate", world.run(), "--data", world.data).output
        #expect(table.contains("zero-shot of group") && table.contains("zero-shot of tone"), "\(table)")
        #expect(
            table.contains("label group: 4 samples have values that no training row has") && table.contains("\"c\" (4)")
        )
    }

    @Test func aLabelOfOneClassIsSaid() throws {
        let world = try world { _ in "same" }
        #expect(try world.train("run", "--set", "steps=2", "--set", "data.labels=[group, tone]").status == 0)
        let found = try report(world.run(), world.data)
        #expect(found.notes == ["label group: one class only (same), nothing to tell apart"])
        #expect(found.zeroShot?.keys.sorted() == ["tone"] && found.linearProbe?.keys.sorted() == ["tone"])
    }

    @Test func nothingToReportIsAnErrorThatSaysWhy() throws {
        let world = try AudioWorld()
        let trained = try world.train("predictive", "run", "--set", "data.labels=[]", "--set", "steps=2")
        #expect(
            trained.status == 0 && trained.output.contains("no label to probe: data.labels names no column"),
            "\(trained.errors)")
        let unlabeled = try CommandLineTool.run("evaluate", world.run(), "--data", world.data)
        #expect(unlabeled.status == 0 && unlabeled.output.contains("embedding geometry"), "\(unlabeled.errors)")
        #expect(unlabeled.output.contains("no label to probe: data.labels names no column"), "\(unlabeled.output)")
        // Of rows that are all trained on and one alone there is neither a loss apart nor a geometry.
        for n in 1..<32 { try? FileManager.default.removeItem(atPath: world.sound(n)) }
        let evaluation = try CommandLineTool.run(
            "evaluate", world.run(), "--data", world.data, "--set", "data.split=none")
        #expect(evaluation.status == 1 && evaluation.output.isEmpty, "\(evaluation.output)")
        #expect(evaluation.errors.contains("there is nothing to report: no label to probe"), "\(evaluation.errors)")
    }

    @Test func classesAreTheTextsOfFoldersAndPositivesByDefault() throws {
        let folder = TemporaryFolder()
        for (k, name) in ["cup", "hat", "tie"].enumerated() {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/data/\(name)", withIntermediateDirectories: true)
            for n in 0..<8 {
                try Image(width: 16, height: 16, Image.Color(UInt8(80 * k), UInt8(200 - 60 * k), UInt8(n))).write(
                    jpeg: "\(folder.path)/data/\(name)/\(n).jpg")
            }
        }
        try """
        steps: 40
        batch: 12
        data: {kind: folder, split: none}
        model: {dimension: 8, image: {depth: 18, width: 4, stem: cifar}, text: {width: 16, depth: 1, heads: 2, \
        context: 8}}
        views: {size: 16, crop: whole}
        optimizer: {learning_rate: 3e-3}
        schedule: {warmup_steps: 4}
        """.write(toFile: folder.path + "/r.yaml", atomically: true, encoding: .utf8)
        let run = folder.path + "/run"
        let trained = try CommandLineTool.run(
            "train", folder.path + "/r.yaml", "--data", folder.path + "/data", "--out", run)
        #expect(
            trained.output.contains("24 of 24 rows have a text that occurs more than once"),
            "\(trained.output)\(trained.errors)")
        #expect(trained.output.contains("objective.positives: equal_texts"))
        let found = try report(run, folder.path + "/data")
        // R@1 and zero-shot accuracy are one number: the classes' texts are the candidates.
        let texts = try #require(found.retrieval?["image_to_text"]), shot = try #require(found.zeroShot?["label"])
        #expect(texts.candidates == 3 && texts.queries == 24 && texts.r1 == shot.accuracy)
        #expect(found.retrieval?["text_to_image"]?.queries == 3)
    }
}
