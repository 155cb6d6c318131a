import Concord
import Foundation
import TestSupport
import Testing

/// Text at the command line: tokenizers, unknown words, files, and predicted words.
@Suite struct TextTests {
    private let folder: TemporaryFolder
    private var data: String { folder.path + "/data" }

    init() throws {
        folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try write("the cat sat on the mat\n", 120, to: "a.txt")
        try write("\nthe dog sat on the rug\n", 40, to: "b.txt")
        try write("the cat sat on the rug\n", 20, to: "held.txt")
        try Self.recipe.write(toFile: folder.path + "/text.yaml", atomically: true, encoding: .utf8)
    }

    private static let recipe = """
        steps: 60
        batch: 16
        data: {kind: text, path: a.txt}
        tokenizer: vocab.txt
        model:
          text: {width: 32, depth: 1, heads: 2, context: 6, token_std: 0.02}
        objective: {name: masked, fraction: 0.2}
        optimizer: {learning_rate: 1e-2}
        schedule: {warmup_steps: 2}
        """

    private func write(_ text: String, _ count: Int = 1, to name: String) throws {
        try String(repeating: text, count: count).write(toFile: data + "/" + name, atomically: true, encoding: .utf8)
    }

    private func vocabulary(_ words: [String], _ name: String = "vocab.txt") throws {
        try write((["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words).map { $0 + "\n" }.joined(), to: name)
    }

    private func train(_ name: String, _ settings: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.run(
            ["train", folder.path + "/text.yaml", "--data", data, "--out", folder.path + "/" + name]
                + settings.flatMap { ["--set", $0] })
    }

    @Test func aModelOfNextTokensGoesOnWithAText() throws {
        try vocabulary(["the", "cat", "dog", "sat", "on", "mat", "rug"])
        let run = folder.path + "/run"
        let trained = try train(
            "run", "objective={name: next_token}", "model.text.context=12", "data.held_out=held.txt")
        #expect(trained.status == 0 && trained.output.contains("next tokens"), "\(trained.errors) \(trained.output)")
        let text = ["generate", run, "--text", "the cat"]
        let greedy = try CommandLineTool.run(text + ["--tokens", "4", "--temperature", "0"])
        #expect(greedy.status == 0 && greedy.output == "the cat sat on the mat\n", "\(greedy.errors) \(greedy.output)")
        let drawn = text + ["--tokens", "8", "--temperature", "1.5", "--top-k", "3", "--top-p", "0.9", "--seed", "7"]
        #expect(try CommandLineTool.run(drawn).output == CommandLineTool.run(drawn).output)
        let json = try CommandLineTool.run(text + ["--tokens", "2", "--temperature", "0", "--json"])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: String])
        #expect(object == ["text": "the cat", "generated": " sat on"])
        let unknown = try CommandLineTool.run(["generate", run, "--text", "the zebra", "--tokens", "1"])
        #expect(unknown.status == 0 && unknown.errors.contains("zebra"), "\(unknown.errors)")
        for (option, value) in [("--top-p", "0"), ("--top-k", "0"), ("--tokens", "0"), ("--temperature", "-1")] {
            let wrong = try CommandLineTool.run(text + [option + "=" + value])
            #expect(wrong.status == 64 && wrong.errors.contains("\(option) wants"), "\(wrong.errors)")
        }
        let empty = try CommandLineTool.run(["generate", run, "--text", ""])
        #expect(empty.status == 1)
        #expect(empty.errors == "Error: there is no word in the text to go on from; give one or more\n")
    }

    @Test func aMaskedModelFillsInTheWordThatItLearned() throws {
        try vocabulary(["the", "cat", "dog", "sat", "on", "mat", "rug"])
        let run = folder.path + "/run", trained = try train("run", "objective.whole_word=true")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output.contains("training texts: 1 file, 120 lines, 720 tokens\n"))
        let filled = try CommandLineTool.run("fill", run, "the cat [MASK] on the mat", "-k", "2")
        #expect(filled.status == 0, "\(filled.errors)")
        let lines = filled.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix("\tsat"), "\(filled.output)")

        let json = try CommandLineTool.run("fill", run, "--json", "[MASK] cat sat on the [MASK]")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let masks = try #require(object["masks"] as? [[[String: Any]]])
        #expect(masks.map(\.count) == [5, 5])
        #expect(masks.map { $0.first?["token"] as? String } == ["the", "mat"])
        #expect(
            masks.allSatisfy { $0.allSatisfy { ($0["probability"] as? Double).map { (0...1).contains($0) } ?? false } })

        let none = try CommandLineTool.run("fill", run, "the cat sat")
        #expect(
            none.status == 1
                && none.errors == "Error: the text has no mask token; write [MASK] where a word is wanted\n")
        let long = try CommandLineTool.run("fill", run, "the [MASK] sat on the mat on the mat")
        #expect(long.errors == "Error: the text has 9 tokens, and the model reads 6 (model.text.context)\n")

        try write("the zebra\n\nthe cat sat on the mat\n", to: "queries.txt")
        let index = folder.path + "/index.safetensors"
        let embedded = try CommandLineTool.run("embed", run, "--texts", data + "/queries.txt", "--out", index)
        #expect(embedded.status == 0)
        #expect(embedded.errors.contains("queries.txt: 1 blank line left out\n"), "\(embedded.errors)")
        #expect(
            embedded.errors.contains(
                "12.5 % of the 8 words of the 2 texts are unknown to the run's tokenizer, such as “zebra”\n"))
        #expect(embedded.errors.contains("1 of 2 texts are cut at 6 tokens (model.text.context); the longest has 8\n"))
        let found = try CommandLineTool.run("search", run, "--index", index, "--text", "zebra")
        #expect(found.errors.contains("the only word of the text is unknown to the run's tokenizer: “zebra”\n"))
    }

    @Test func textsUnknownToTheTokenizerAreRefusedBeforeTheRunIsMade() throws {
        try vocabulary(["the"])
        let refused = try train("run")
        #expect(refused.status == 1)
        #expect(
            refused.errors.hasPrefix(
                "Error: 66.7 % of the 720 words of the training texts are unknown to vocab.txt, such as “cat”, “sat”, "
                    + "“on”; more than "
                    + "data.unknown_limit 0.3. Train a tokenizer"), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
        let allowed = try train("run", "data.unknown_limit=0.7", "steps=1")
        #expect(allowed.status == 0, "\(allowed.errors)")
        #expect(allowed.output.contains("such as “cat”, “sat”, “on”; unknown words are never masked\n"))
        let everything = try train("other", "data.unknown_limit=1", "tokenizer=none.txt")
        #expect(everything.errors.contains("built in are english-wordpiece, english-bpe"))
        try vocabulary(["zebra"])
        let nothing = try train("other", "data.unknown_limit=1")
        #expect(
            nothing.errors.hasPrefix("Error: objective masked: no token of the training texts can be masked"),
            "\(nothing.errors)")
    }

    @Test func severalFilesFoldersAndPatternsAreOneTextWithoutWhatIsHeldOut() throws {
        try vocabulary(["the", "cat", "dog", "sat", "on", "mat", "rug"], "vocab.list")
        for path in [".", "*.txt", "[a.txt, b.txt, held.txt]"] {
            let outcome = try train(
                "run" + UUID().uuidString, "tokenizer=vocab.list", "data.path=\(path)", "data.held_out=held.txt",
                "steps=1")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.output.contains("training texts: 2 files, 160 lines, 960 tokens; 40 blank lines left out\n"),
                "\(outcome.output)")
            #expect(outcome.output.contains("held-out texts: 1 file, 20 lines, 120 tokens\n"))
            #expect(outcome.output.contains("1 of the 3 files of data.path held out by data.held_out\n"))
            #expect(outcome.output.contains("1 file of data.path left out by name") == (path == "."))
        }
    }

    @Test func linesAreTextsOfTheirOwn() throws {
        try vocabulary(["the", "cat", "dog", "sat", "on", "mat", "rug"])
        let outcome = try train("run", "data.lines=true", "steps=1", "model.text.context=7")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.contains(
                """
                    120 of 120 of the training texts are longer than model.text.context 7 and are cut; the longest has \
                    8 tokens
                    """
            ))
        try write("the zebra sat on the rug\n", 10, to: "held.txt")
        #expect(
            try train("held", "data.lines=true", "steps=1", "model.text.context=7", "data.held_out=held.txt").status
                == 0)
        let evaluated = try CommandLineTool.run("evaluate", folder.path + "/held", "--data", data)
        #expect(evaluated.status == 0)
        #expect(
            evaluated.errors.contains(
                "16.7 % of the 60 words of the held-out texts are unknown to the run's tokenizer, such as “zebra”"))
        #expect(
            evaluated.errors.contains(
                """
                    10 of 10 of the held-out texts are longer than model.text.context 7 and are cut; the longest has 8 \
                    tokens
                    """
            ))
        let narrow = try train("narrow", "data.lines=true", "model.text.context=2")
        #expect(
            narrow.errors
                == """
                    Error: model.text.context: 2 tokens leave no room between start and end token, so that nothing can \
                    be masked\n
                    """
        )
    }

    @Test func theRecipeSaysHowCaseAndAccentsAreHandledAndTheRunKeepsIt() throws {
        try vocabulary(["the", "The", "cat", "sat", "on", "mat"])
        let guessed = try train("guessed", "steps=1")
        #expect(
            guessed.output.hasPrefix("tokenizer vocab.txt: case kept, accents kept, guessed from its tokens"),
            "\(guessed.output)")
        let stated = try train("stated", "steps=1", "tokenizer.lowercase=true")
        #expect(stated.status == 0 && !stated.output.contains("guessed"), "\(stated.errors)")
        #expect(
            try CommandLineTool.run("tokenizer", "encode", "--tokenizer", folder.path + "/stated/tokenizer", "The")
                .output == "2 5 3\t[CLS] the [SEP]\n")
        #expect(
            try CommandLineTool.run("tokenizer", "encode", "--tokenizer", folder.path + "/guessed/tokenizer", "The")
                .output == "2 6 3\t[CLS] The [SEP]\n")
        let wrong = try train("wrong", "tokenizer=vocab.txt", "tokenizer.lowercase=maybe")
        #expect(
            wrong.errors.hasPrefix("Error: --set tokenizer.lowercase=maybe: true or false wanted"), "\(wrong.errors)")
        let recipe = try String(contentsOfFile: folder.path + "/stated/recipe.yaml", encoding: .utf8)
        #expect(recipe.contains("tokenizer:\n  file: vocab.txt\n  lowercase: true\n"), "\(recipe)")
    }

    @Test func aRunWithoutStoredSettingsIsReadAsItWasTrained() throws {
        // Before the settings were stored, a vocabulary without ASCII capitals was lower case, whatever its other
        // letters.
        try vocabulary(["the", "cat", "sat", "on", "mat", "Кот", "кот"])
        #expect(try train("run", "steps=1", "tokenizer.lowercase=true").status == 0)
        let run = folder.path + "/run", tokenizer = run + "/tokenizer"
        let new = try Run(run).embed(texts: ["Кот", "кот"]).scalars
        try FileManager.default.removeItem(atPath: tokenizer)
        try FileManager.default.copyItem(atPath: data + "/vocab.txt", toPath: tokenizer)
        let old = try Run(run)
        #expect(old.tokenizer?.encode("Кот") == [2, 11, 3])
        #expect(try old.embed(texts: ["Кот", "кот"]).scalars == new)
    }

    @Test func encodingShowsOffsetsAndSpecialTokensOnlyWhenAsked() throws {
        let json = try CommandLineTool.run("tokenizer", "encode", "--json", "Café [MASK]")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let tokens = try #require(object["tokens"] as? [String]), offsets = try #require(object["offsets"] as? [[Int]])
        #expect(tokens.first == "[CLS]" && tokens.last == "[SEP]" && !tokens.contains("[MASK]"))
        #expect(offsets.first == [0, 0] && offsets[1][0] == 0 && offsets[offsets.count - 2] == [10, 11])
        let special = try CommandLineTool.run("tokenizer", "encode", "--special", "[MASK]")
        #expect(special.output == "2 4 3\t[CLS] [MASK] [SEP]\n")
        let wrong = try CommandLineTool.run("tokenizer", "decode", "5", "8192")
        #expect(wrong.status == 1 && wrong.errors == "Error: 8192 is no id: the tokenizer has ids 0 to 8191\n")
    }

    @Test func trainedTokenizersKeepCaseAndAccentsAndNeverReplaceTheirText() throws {
        try write("अपने पोस्ट Delhi अपने पोस्ट Delhi\n", 5, to: "hindi.txt")
        let text = data + "/hindi.txt", out = folder.path + "/own.txt"
        let trained = try CommandLineTool.run("tokenizer", "train", "--cased", "--size", "200", "--out", out, text)
        #expect(trained.status == 0 && trained.output.hasSuffix("; case kept, accents kept\n"), "\(trained.errors)")
        let encoded = try CommandLineTool.run("tokenizer", "encode", "--tokenizer", out, "पोस्ट Delhi")
        #expect(encoded.output.hasSuffix("[CLS] पोस्ट Delhi [SEP]\n") && encoded.errors.isEmpty, "\(encoded.output)")
        let stripped = try CommandLineTool.run("tokenizer", "train", "--size", "200", "--out", out, text)
        #expect(
            stripped.errors.contains(
                "the vowel signs of words such as “अपने” are stripped like accents; --keep-accents keeps them\n"),
            "\(stripped.errors)")
        let kept = try CommandLineTool.run("tokenizer", "train", "--keep-accents", "--size", "200", "--out", out, text)
        #expect(kept.output.hasSuffix("; lower case, accents kept\n"))
        let over = try CommandLineTool.run("tokenizer", "train", "--out", text, text)
        #expect(
            over.status == 1 && over.errors.hasPrefix("Error: cannot write \(text): it is one of the input files"),
            "\(over.errors)")
        #expect(try String(contentsOfFile: text, encoding: .utf8).hasPrefix("अपने"))
        let small = try CommandLineTool.run("tokenizer", "train", "--size", "12", "--out", out, text)
        #expect(small.status == 1 && small.errors.contains("--alphabet-limit 3 or less"), "\(small.errors)")
        let limited = try CommandLineTool.run(
            "tokenizer", "train", "--size", "12", "--alphabet-limit", "3", "--out", out, text)
        #expect(limited.status == 0, "\(limited.errors)")
        try Data("h\0e\0l\0l\0o\0\n\0".utf8).write(to: URL(fileURLWithPath: data + "/wide.txt"))
        let wide = try CommandLineTool.run("tokenizer", "train", "--out", out, data + "/wide.txt")
        #expect(wide.status == 1 && wide.errors.contains("UTF-16 without a byte-order mark"), "\(wide.errors)")
    }
}
