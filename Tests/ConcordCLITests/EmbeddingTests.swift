import Concord
import Foundation
import TestSupport
import Testing

/// `embed`, `search` and `classify` with faults, and with weights that are not the index's.
@Suite struct EmbeddingTests {
    private struct Totals: Decodable {
        struct LeftOut: Decodable { let file, reason: String }
        let dimension, embeddings, given, embedded: Int
        let left_out: [LeftOut]
        let weights_fingerprint: String
    }

    private struct Hits: Decodable {
        struct Hit: Decodable {
            let name: String
            let similarity: Float
            let start, end: Double?
        }
        let hits: [Hit]
    }

    private func decoded<T: Decodable>(_ text: String) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(text.utf8))
    }

    /// A short run: what is tested here does not depend on what was learned.
    private func trained(_ world: SmallWorld, _ name: String = "run", seed: Int = 0) throws {
        let outcome = try world.train(name, "--set", "steps=2", "--set", "seed=\(seed)")
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private func truncate(_ path: String) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
    }

    @Test func unreadableFilesAreCountedAndNamedAndTheOthersAnswered() throws {
        let world = try SmallWorld()
        try trained(world)
        for n in [3, 7, 9] { try truncate("\(world.data)/\(n).jpg") }
        let index = world.folder.path + "/index.safetensors"
        let embed = try CommandLineTool.run("embed", world.run(), "--images", world.data, "--out", index, "--json")
        #expect(embed.status == 1, "\(embed.errors)")
        let totals: Totals = try decoded(embed.output)
        #expect(totals.given == 48 && totals.embedded == 45 && totals.embeddings == 45 && totals.dimension == 16)
        let names = totals.left_out.map(\.file).sorted()
        #expect(names == [3, 7, 9].map { "\(world.data)/\($0).jpg" })
        #expect(totals.left_out.allSatisfy { $0.reason.contains("Premature end") }, "\(totals.left_out)")
        for name in names { #expect(embed.errors.contains(name)) }
        #expect(try EmbeddingIndex(path: index).names.count == 45)

        let plain = try CommandLineTool.run("embed", world.run(), "--images", world.data, "--out", index)
        #expect(plain.status == 1 && plain.output.contains("45 of 48 files embedded; 3 left out"), "\(plain.output)")

        let classified = try CommandLineTool.run(
            "classify", world.run(), "--classes", "dark", "pale", "--images", world.data)
        #expect(
            classified.status == 1 && classified.errors.contains("45 of 48 files classified; 3 left out"),
            "\(classified.errors)")
        #expect(classified.output.split(separator: "\n").count == 45)
    }

    @Test func aboveTheBadLimitNothingIsWritten() throws {
        let world = try SmallWorld()
        try trained(world)
        for n in [3, 7, 9] { try truncate("\(world.data)/\(n).jpg") }
        let index = world.folder.path + "/index.safetensors"
        let refused = try CommandLineTool.run(
            "embed", world.run(), "--images", world.data, "--out", index, "--bad-limit", "0.05")
        #expect(refused.status == 1 && refused.errors.contains("3 of 48"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: index))
        let allowed = try CommandLineTool.run(
            "embed", world.run(), "--images", world.data, "--out", index, "--bad-limit", "0.07")
        #expect(allowed.status == 1 && FileManager.default.fileExists(atPath: index), "\(allowed.errors)")
        #expect(
            try CommandLineTool.run("embed", world.run(), "--images", world.data, "--out", index, "--bad-limit", "2")
                .status == 64)
    }

    @Test func anIndexOfOtherWeightsIsRefusedNamingBoth() throws {
        let world = try SmallWorld()
        try trained(world, "a")
        try trained(world, "b", seed: 5)
        let index = world.folder.path + "/a.safetensors", image = world.data + "/5.jpg"
        #expect(try CommandLineTool.run("embed", world.run("a"), "--images", world.data, "--out", index).status == 0)
        let own = try CommandLineTool.run(
            "search", world.run("a"), "--index", index, "--image", image, "-k", "1", "--json")
        let hits: Hits = try decoded(own.output)
        #expect(
            own.status == 0 && hits.hits.map(\.name) == [image] && own.errors.isEmpty, "\(own.output)\(own.errors)")
        let other = try CommandLineTool.run("search", world.run("b"), "--index", index, "--image", image)
        #expect(other.status == 1 && other.output.isEmpty, "\(other.output)")
        #expect(other.errors.contains(world.run("a")) && other.errors.contains(world.run("b")), "\(other.errors)")

        // A copy of the run elsewhere has the same weights.
        try FileManager.default.copyItem(atPath: world.run("a"), toPath: world.run("copy"))
        #expect(try CommandLineTool.run("search", world.run("copy"), "--index", index, "--image", image).status == 0)

        let inspected = try CommandLineTool.run("inspect", world.run("a"), "--json")
        let object = try JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any]
        #expect(object?["fingerprint"] as? String == (try EmbeddingIndex(path: index)).source?.weights)

        // An index without a fingerprint is searched, with a warning.
        let old = try EmbeddingIndex(path: index), oldPath = world.folder.path + "/old.safetensors"
        try EmbeddingIndex(embeddings: old.embeddings, names: old.names).write(to: oldPath)
        let warned = try CommandLineTool.run(
            "search", world.run("b"), "--index", oldPath, "--image", image, "-k", "100")
        #expect(warned.status == 0 && warned.output.split(separator: "\n").count == 48)
        #expect(warned.errors.contains("does not say which weights made it"), "\(warned.errors)")
    }

    @Test func anOutputThatIsAnInputIsRefused() throws {
        let world = try SmallWorld()
        try trained(world)
        let texts = world.folder.path + "/texts.txt", link = world.folder.path + "/link"
        try "one\ntwo\n".write(toFile: texts, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: texts)
        for out in [texts, link] {
            let refused = try CommandLineTool.run("embed", world.run(), "--texts", texts, "--out", out)
            #expect(refused.status == 1 && refused.errors.contains("input"), "\(refused.errors)")
        }
        #expect(try String(contentsOfFile: texts, encoding: .utf8) == "one\ntwo\n")
        let image = world.data + "/5.jpg"
        let before = try Data(contentsOf: URL(fileURLWithPath: image))
        #expect(try CommandLineTool.run("embed", world.run(), "--images", world.data, "--out", image).status == 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: image)) == before)
        let recipe = try CommandLineTool.run(
            "embed", world.run(), "--texts", texts, "--out", world.run() + "/recipe.yaml")
        #expect(recipe.status == 1 && recipe.errors.contains("recipe.yaml"), "\(recipe.errors)")
        #expect(try CommandLineTool.run("embed", world.run(), "--texts", texts, "--out", "").status == 64)
    }

    @Test func classesAreRankedAndWrongOnesRefused() throws {
        let world = try SmallWorld()
        try trained(world)
        let image = world.data + "/5.jpg"
        let file = world.folder.path + "/classes.txt"
        try "\u{FEFF}dark\n\npale\nred\n".write(toFile: file, atomically: true, encoding: .utf8)
        let ranked = try CommandLineTool.run(
            "classify", world.run(), "--classes-file", file, "--top-k", "9", "--images", image, "--json")
        struct Answers: Decodable {
            struct File: Decodable {
                struct Class: Decodable {
                    let name: String
                    let probability: Float
                }
                let file: String
                let classes: [Class]
            }
            let files: [File]
        }
        let answers: Answers = try decoded(ranked.output)
        let classes = try #require(answers.files.first).classes
        #expect(answers.files.map(\.file) == [image] && Set(classes.map(\.name)) == ["dark", "pale", "red"])
        #expect(abs(classes.map(\.probability).reduce(0, +) - 1) < 1e-5)
        #expect(zip(classes, classes.dropFirst()).allSatisfy { $0.probability >= $1.probability })
        let twice = try CommandLineTool.run(
            "classify", world.run(), "--classes", "mug", "plate", "mug", "--images", image)
        #expect(
            twice.status == 1 && twice.errors.contains("\"mug\"") && twice.errors.contains("twice"), "\(twice.errors)")
        let empty = try CommandLineTool.run("classify", world.run(), "--classes", "", "plate", "--images", image)
        #expect(empty.status == 1 && empty.errors.contains("without a name"), "\(empty.errors)")
        #expect(
            try CommandLineTool.run("classify", world.run(), "--classes", "a", "--top-k", "0", "--images", image)
                .status == 64)
    }

    @Test func severalQueriesAreAnsweredInGroupsAndTheUnreadableOnesNamed() throws {
        let world = try SmallWorld()
        try trained(world)
        let index = world.folder.path + "/index.safetensors", absent = world.data + "/absent.jpg"
        #expect(try CommandLineTool.run("embed", world.run(), "--images", world.data, "--out", index).status == 0)
        let search = ["search", world.run(), "--index", index, "-k", "2"]
        func hits(_ option: String, _ value: String) throws -> String {
            let found = try CommandLineTool.run(search + [option, value])
            #expect(found.status == 0, "\(found.errors)")
            return found.output
        }
        let five = "\(world.data)/5.jpg", six = "\(world.data)/6.jpg"
        let alone = [
            try hits("--text", "a red square"), try hits("--text", "a tab\tin it"), try hits("--image", five),
            try hits("--image", six),
        ]
        let several = try CommandLineTool.run(
            search + ["--image", five, absent, six, "--text", "a red square", "a tab\tin it"])
        #expect(several.status == 1 && several.errors.contains("left out: \(absent): "), "\(several.errors)")
        let heads = ["text: a red square", "text: a tab\\tin it", "image: \(five)", "image: \(six)"]
        #expect(several.output == zip(heads, alone).map { "\($0)\n\($1)" }.joined(separator: "\n"))

        let command = ([CommandLineTool.path] + search).map { "'\($0)'" }.joined(separator: " ")
        let piped = try CommandLineTool.shell("printf 'a red square\\n\\na tab\\tin it\\n' | \(command) --texts -")
        #expect(piped.status == 0 && piped.errors == "note: -: 1 blank line left out\n", "\(piped.errors)")
        #expect(piped.output == zip(heads, alone).prefix(2).map { "\($0)\n\($1)" }.joined(separator: "\n"))

        struct Answers: Decodable {
            struct Answer: Decodable {
                struct Hit: Decodable { let name: String }
                let query: [String: String]
                let hits: [Hit]
            }
            let index: String
            let answers: [Answer]
            let left_out: [LeftOutFile]
        }
        struct LeftOutFile: Decodable { let file: String }
        let json = try CommandLineTool.run(search + ["--image", five, absent, six, "--text", "a red square", "--json"])
        let answers: Answers = try decoded(json.output)
        #expect(json.status == 1 && answers.index == index && answers.left_out.map(\.file) == [absent])
        #expect(answers.answers.map(\.query) == [["text": "a red square"], ["image": five], ["image": six]])
        #expect(
            answers.answers.map { $0.hits.first?.name }.dropFirst() == [five, six]
                && answers.answers.allSatisfy { $0.hits.count == 2 })
    }

    @Test func namesWithTabsAndLineEndsStayOneField() throws {
        let world = try SmallWorld()
        try trained(world)
        let image = world.folder.path + "/a\tb\nc.jpg"
        try FileManager.default.copyItem(atPath: world.data + "/5.jpg", toPath: image)
        let classified = try CommandLineTool.run(
            "classify", world.run(), "--classes", "da\trk", "pale", "--images", image)
        let lines = classified.output.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.split(separator: "\t").count == 3, "\(classified.output)")
        #expect(classified.output.hasPrefix(world.folder.path + "/a\\tb\\nc.jpg\t"))
    }

    @Test func aFullDiskUnderTheOutputIsAnError() throws {
        let world = try SmallWorld()
        try trained(world)
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        for arguments in [["doctor"], ["inspect", world.run()]] {
            let errors = world.folder.path + "/errors"
            _ = FileManager.default.createFile(atPath: errors, contents: nil)
            let process = try CommandLineTool.start(
                arguments, output: full, errors: try FileHandle(forWritingTo: URL(fileURLWithPath: errors)))
            process.waitUntilExit()
            #expect(process.terminationStatus == 1 && process.terminationReason == .exit)
            #expect(try String(contentsOfFile: errors, encoding: .utf8).contains("standard output: No space left"))
        }
    }

    @Test func theDoctorAnswersInJSON() throws {
        let doctor = try CommandLineTool.run("doctor", "--json")
        let report: [String: String] = try decoded(doctor.output)
        #expect(
            report["threads"]?.contains("available") == true && report["matrix_products"] != nil
                && report["openblas"] != nil)
    }
}
