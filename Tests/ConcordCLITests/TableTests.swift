import Concord
import Foundation
import TestSupport
import Testing

/// Tables and texts in the forms in which people have them.
@Suite struct TableTests {
    /// The world's table in another form, as a file of its folder.
    private func write(_ text: String, to name: String, of world: SmallWorld) throws {
        try text.write(toFile: world.data + "/" + name, atomically: true, encoding: .utf8)
    }

    private func lines(of world: SmallWorld) throws -> [[String]] {
        try String(contentsOfFile: world.data + "/pairs.tsv", encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: "\t").map(String.init)
        }
    }

    @Test func jsonLinesAndCarriageReturnsTrainTheSameModelAsATable() throws {
        let world = try SmallWorld(), lines = try lines(of: world)
        let objects = lines.dropFirst().map {
            "{\"filepath\": \"\($0[0])\", \"title\": \"\($0[1])\", \"tone\": \"\($0[2])\", \"n\": [1]}"
        }
        try write(objects.joined(separator: "\n"), to: "pairs.jsonl", of: world)
        try write(objects.joined(separator: "\n"), to: "pairs.txt", of: world)
        try write(lines.map { $0.joined(separator: "\t") }.joined(separator: "\r"), to: "mac.tsv", of: world)
        try write(lines.map { $0.joined(separator: " | ") }.joined(separator: "\n"), to: "pipe.txt", of: world)
        try write(
            lines.map { "file://\(world.data)/" + $0.joined(separator: "\t") }.joined(separator: "\n")
                .replacingOccurrences(
                    of: "file://\(world.data)/filepath", with: "filepath"), to: "addresses.tsv", of: world)
        #expect(try world.train("table", "--set", "steps=2", "--set", "data.split=none").status == 0)
        for name in ["pairs.jsonl", "pairs.txt", "mac.tsv", "addresses.tsv"] {
            let trained = try world.train(
                name, "--set", "steps=2", "--set", "data.split=none", "--set", "data.path=\(name)")
            #expect(trained.status == 0, "\(trained.errors)")
            #expect(try world.weights(name, step: 2) == world.weights("table", step: 2), "\(name)")
        }
        let pipe = try world.train(
            "pipe", "--set", "steps=1", "--set", "data.path=pipe.txt", "--set", "data.separator=pipe")
        #expect(pipe.status == 0 && pipe.output.contains(" of 48 rows of "), "\(pipe.errors)")
        let unused = try world.train("unused", "--set", "data.path=pairs.jsonl", "--set", "data.separator=comma")
        #expect(
            unused.status == 1 && unused.errors.contains("data.separator") && unused.errors.contains("unknown key"),
            "\(unused.errors)")
    }

    @Test func webAddressesAreRefusedBeforeTraining() throws {
        let world = try SmallWorld()
        try write(
            "filepath\ttitle\ttone\nhttps://e.org/1.jpg\ta red square\tred\nhttps://e.org/2.jpg\tb\tred\n",
            to: "web.tsv", of: world)
        let refused = try world.train("run", "--set", "data.path=web.tsv")
        #expect(
            refused.status == 1
                && refused.errors.contains(
                    """
                        web.tsv:2: column \"filepath\" has web addresses, the first https://e.org/1.jpg; only files \
                        are read
                        """
                ),
            "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run()))
        #expect(try world.train("run", "--set", "steps=2").status == 0)
        let embedded = try CommandLineTool.run(
            "embed", world.run(), "--images", "https://e.org/1.jpg", "--out", world.run("x.st"))
        #expect(embedded.status == 1 && embedded.errors.contains("download it first"), "\(embedded.errors)")
    }

    @Test func everyReaderOfTextNamesAnotherEncodingInTheSameWords() throws {
        let world = try SmallWorld()
        #expect(try world.train("run", "--set", "steps=2").status == 0)
        let text = world.folder.path + "/text.yaml"
        try
            """
                steps: 2\ndata: {kind: text, path: a.txt}\nmodel: {text: {width: 16, depth: 1, heads: 2, context: \
                8}}\nobjective: {name: masked}\n
                """
            .write(toFile: text, atomically: true, encoding: .utf8)
        let latin = "filepath\ttitle\ttone\n0.jpg\ta caf\u{E9}\tred\n1.jpg\tb\tred\n".data(using: .isoLatin1) ?? Data()
        let wide = "filepath\ttitle\ttone\n0.jpg\ta\tred\n".data(using: .utf16) ?? Data()
        let gzip = Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
        let kinds = [
            (
                "latin", latin,
                """
                    the file is not UTF-8 but ISO-8859-1 (Latin-1); convert it with: iconv -f ISO-8859-1 -t UTF-8 \
                    PATH/latin.tsv
                    """
            ),
            ("wide", wide, "the file is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8 PATH/wide.tsv"),
            ("packed", gzip, "the file is compressed (gzip); unpack it with: gunzip -k PATH/packed.tsv"),
        ]
        for (name, bytes, words) in kinds {
            let path = "\(world.data)/\(name).tsv",
                expected = "\(path): " + words.replacingOccurrences(of: "PATH", with: world.data)
            try bytes.write(to: URL(fileURLWithPath: path))
            let commands = [
                [
                    "train", world.recipe, "--data", world.data, "--out", world.run("no"), "--set",
                    "data.path=\(name).tsv",
                ],
                ["train", text, "--data", world.data, "--out", world.run("no"), "--set", "data.path=\(name).tsv"],
                ["train", world.recipe, "--data", world.data, "--out", world.run("no"), "--set", "tokenizer=\(path)"],
                ["tokenizer", "train", "--out", world.run("no.txt"), path],
                ["tokenizer", "encode", "--tokenizer", path, "a"],
                ["embed", world.run(), "--texts", path, "--out", world.run("no.st")],
                ["evaluate", world.run(), "--data", world.data, "--set", "data.path=\(name).tsv"],
            ]
            for command in commands {
                let outcome = try CommandLineTool.run(command)
                #expect(outcome.status == 1 && outcome.errors.contains(expected), "\(command): \(outcome.errors)")
            }
            let recipe = try CommandLineTool.run("train", path, "--data", world.data, "--out", world.run("no"))
            #expect(recipe.status == 1 && recipe.errors.contains(expected), "\(recipe.errors)")
        }
    }

    @Test func aNameInTheOtherNormalizationFormIsOneItem() throws {
        let world = try SmallWorld()
        // The file's name is decomposed, as macOS writes it; one row has it so and one composed.
        try FileManager.default.copyItem(atPath: world.data + "/0.jpg", toPath: world.data + "/cafe\u{301}.jpg")
        var lines = try String(contentsOfFile: world.data + "/pairs.tsv", encoding: .utf8)
        lines += "caf\u{E9}.jpg\ta dark cup\tdark\ncafe\u{301}.jpg\tanother dark cup\tdark\n"
        try lines.write(toFile: world.data + "/pairs.tsv", atomically: true, encoding: .utf8)
        let trained = try world.train("run", "--set", "steps=12", "--set", "data.split=none")
        #expect(trained.status == 0 && !trained.errors.contains("cannot be read"), "\(trained.errors)")
        #expect(trained.output.contains("2 of 50 rows name a file that another row names too"), "\(trained.output)")
        let report = try CommandLineTool.run("evaluate", world.run(), "--data", world.data, "--json")
        let retrieval = try #require(
            try JSONDecoder().decode(EvaluationReport.self, from: Data(report.output.utf8)).retrieval)
        #expect(retrieval["text_to_image"]?.candidates == 49 && retrieval["image_to_text"]?.candidates == 50)
    }
}
