import Concord
import Foundation
import TestSupport
import Testing

/// Which rows are evaluated, and that it is said.
@Suite struct HeldOutTests {
    private func report(_ run: String, _ data: String, _ more: String...) throws -> EvaluationReport {
        let outcome = try CommandLineTool.run(["evaluate", run, "--data", data, "--json"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(EvaluationReport.self, from: Data(outcome.output.utf8))
    }

    /// Rows of the world's table in a table of another folder or name.
    private func write(
        _ rows: ClosedRange<Int>, of world: SmallWorld, to path: String, edit: (String) -> String = { $0 }
    ) throws {
        let lines = try String(contentsOfFile: world.data + "/pairs.tsv", encoding: .utf8).split(separator: "\n").map(
            String.init)
        try ([lines[0]] + rows.map { edit(lines[$0 + 1]) }).joined(separator: "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
    }

    @Test func theRuleIsSaidAtTheStartAndInTheReport() throws {
        let world = try SmallWorld()
        let trained = try world.train("run", "--set", "steps=2")
        #expect(trained.output.contains("chosen by: crc32 of \"filepath\" modulo 4 is 0"), "\(trained.output)")
        #expect(!trained.output.contains("this is the default"))
        let rows = try #require(try report(world.run(), world.data).rows)
        #expect(rows.total == 48 && rows.rule == "crc32 of \"filepath\" modulo 4 is 0" && rows.trainedOn == 0)
        #expect(trained.output.contains("\(48 - rows.evaluated) samples to train on, \(rows.evaluated) held out"))
        let all = try #require(try report(world.run(), world.data, "--all").rows)
        #expect(all.evaluated == 48 && all.trainedOn == 48 - rows.evaluated)
    }

    @Test func anEighthThatIsHeldOutUnaskedIsSaid() throws {
        let world = try SmallWorld()
        let yaml = try String(contentsOfFile: world.recipe, encoding: .utf8).replacingOccurrences(
            of: ", split: {column: filepath, modulo: 4}", with: "")
        try yaml.write(toFile: world.recipe, atomically: true, encoding: .utf8)
        let trained = try world.train("run", "--set", "steps=2")
        #expect(
            trained.output.contains("modulo 8 is 0; this is the default (data.split); `data.split: none`"),
            "\(trained.output)")
        for word in ["none", "null", "false"] {
            let whole = try world.train(word, "--set", "steps=2", "--set", "data.split=\(word)")
            #expect(
                whole.status == 0 && whole.output.contains("48 samples to train on"), "\(whole.output)\(whole.errors)")
            #expect(whole.output.contains("held out: none"))
        }
    }

    @Test func anotherTableIsEvaluatedWhole() throws {
        let world = try SmallWorld()
        #expect(try world.train("run", "--set", "steps=2").status == 0)
        let test = world.folder.path + "/test"
        try FileManager.default.createDirectory(atPath: test, withIntermediateDirectories: true)
        for n in 0..<10 {
            try Image(width: 20, height: 17, Image.Color(UInt8(n * 20), 9, 90)).write(jpeg: "\(test)/\(n).jpg")
        }
        try write(0...9, of: world, to: test + "/pairs.tsv")
        let rows = try #require(try report(world.run(), test).rows)
        #expect(rows.evaluated == 10 && rows.total == 10 && rows.trainedOn == 0)
        let table = try CommandLineTool.run("evaluate", world.run(), "--data", test)
        #expect(
            table.output.hasPrefix(
                "10 of 10 rows of \(test)/pairs.tsv, chosen by: all rows, since this is not the table"))
        // The rule of the recipe is to be had by asking for it.
        let ruled = try #require(try report(world.run(), test, "--set", "data.split.modulo=3").rows)
        #expect(ruled.evaluated < 10 && ruled.rule.contains("modulo 3"))
    }

    @Test func aTableThatHasGrownKeepsItsRule() throws {
        let world = try SmallWorld()
        try write(0...39, of: world, to: world.data + "/some.tsv")
        #expect(try world.train("run", "--set", "steps=2", "--set", "data.path=some.tsv").status == 0)
        let rows = try #require(try report(world.run(), world.data, "--set", "data.path=pairs.tsv").rows)
        #expect(rows.rule.contains("crc32") && rows.total == 48 && rows.trainedOn == 0)
    }

    @Test func aHeldOutTableOfItsOwn() throws {
        let world = try SmallWorld()
        try write(0...39, of: world, to: world.data + "/train.tsv")
        try write(40...47, of: world, to: world.data + "/test.tsv")
        let trained = try world.train(
            "run", "--set", "steps=2", "--set", "data.path=train.tsv", "--set", "data.held_out=test.tsv")
        #expect(
            trained.status == 0 && trained.output.contains("40 samples to train on, 8 held out"),
            "\(trained.output)\(trained.errors)")
        let found = try report(world.run(), world.data)
        #expect(
            found.rows?.evaluated == 8 && found.rows?.total == 8 && found.rows?.rule.contains("data.held_out") == true)
        #expect(found.rows?.table == world.data + "/test.tsv" && found.rows?.trainedOn == 0)
        #expect(found.linearProbe?["tone"]?.confusion.joined().reduce(0, +) == 8)
        let leaked = try world.train(
            "leak", "--set", "steps=2", "--set", "data.path=pairs.tsv", "--set", "data.held_out=test.tsv")
        #expect(leaked.output.contains("8 of 8 held-out rows name a file that is also trained on"), "\(leaked.output)")
        let both = try world.train("both", "--set", "data={path: train.tsv, held_out: test.tsv, split: {modulo: 3}}")
        #expect(both.status == 1 && both.errors.contains("held_out or split, not both"), "\(both.errors)")
    }

    /// Squares in a folder for each color.
    private func colors(_ folder: String, count: Int, first: Int) throws {
        for (name, red, blue) in [("red", UInt8(200), UInt8(20)), ("blue", 20, 200)] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            for n in 0..<count {
                let color = Image.Color(red, UInt8(first + n), blue)
                try Image(width: 8, height: 8, color).write(jpeg: "\(folder)/\(name)/\(n).jpg")
            }
        }
    }

    @Test func aHeldOutFolderOfItsOwn() throws {
        let world = try SmallWorld()
        try colors(world.data + "/train", count: 8, first: 10)
        try colors(world.data + "/train/test", count: 3, first: 30)
        let settings = "{kind: folder, path: train, held_out: train/test}"
        let trained = try world.train("run", "--set", "steps=2", "--set", "data=\(settings)")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output.contains("16 samples to train on, 6 held out"), "\(trained.output)")
        #expect(trained.output.contains("6 files of data.path are in the held-out folder, and not trained on\n"))
        let found = try report(world.run(), world.data)
        #expect(found.rows?.evaluated == 6 && found.rows?.total == 6 && found.rows?.table == world.data + "/train/test")
        #expect(found.rows?.rule == "being in the held-out folder (data.held_out)")
        // 0.jpg of the one folder is not 0.jpg of the other.
        #expect(found.rows?.trainedOn == 0)
        #expect(found.linearProbe?["label"]?.classes == ["blue", "red"])
        let all = try report(world.run(), world.data, "--all")
        #expect(all.rows?.total == 22 && all.rows?.trainedOn == 16)
        try colors(world.data + "/other", count: 5, first: 60)
        let other = try report(world.run(), world.data, "--set", "data.held_out=other")
        #expect(other.rows?.evaluated == 10 && other.rows?.table == world.data + "/other")
        let moved = try report(world.run(), world.data + "/other", "--set", "data.path=.")
        #expect(
            moved.rows?.evaluated == 10
                && moved.rows?.rule.contains("since this is not the table that was trained on") == true)
    }

    @Test func aChangeOfTheModelIsRefused() throws {
        let world = try SmallWorld()
        #expect(try world.train("run", "--set", "steps=2").status == 0)
        let outcome = try CommandLineTool.run(
            "evaluate", world.run(), "--data", world.data, "--set", "model.dimension=8")
        #expect(outcome.status == 1 && outcome.errors.contains("model.dimension"), "\(outcome.errors)")
    }

    @Test func anUnreadableHeldOutImageTakesItsCaptionAlong() throws {
        let world = try SmallWorld()
        try write(0...39, of: world, to: world.data + "/train.tsv")
        // Rows 40 and 41 cannot be read; 42 has the caption of 41.
        try write(40...47, of: world, to: world.data + "/test.tsv") {
            $0.replacingOccurrences(of: "a blue square number 43", with: "shared").replacingOccurrences(
                of: "a pale square number 41", with: "shared")
        }
        for n in [40, 41] { try FileManager.default.removeItem(atPath: "\(world.data)/\(n).jpg") }
        let trained = try world.train(
            "run", "--set", "steps=2", "--set", "data.path=train.tsv", "--set", "data.held_out=test.tsv")
        #expect(
            trained.status == 0 && trained.output.contains("2 files could not be read and are left out"),
            "\(trained.errors)")
        let found = try report(world.run(), world.data)
        #expect(Set(found.unreadable?.map(\.name) ?? []) == ["\(world.data)/40.jpg", "\(world.data)/41.jpg"])
        #expect(found.retrieval?["image_to_text"]?.candidates == 6 && found.retrieval?["image_to_text"]?.queries == 6)
        #expect(found.retrieval?["text_to_image"]?.candidates == 6 && found.retrieval?["text_to_image"]?.queries == 6)
    }

    @Test func aBatchOfOneIsRefused() throws {
        let world = try SmallWorld()
        let outcome = try world.train("run", "--set", "batch=1")
        #expect(
            outcome.status == 1 && outcome.errors.contains("batch: 1 leaves objective contrastive nothing"),
            "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run()))
    }
}
