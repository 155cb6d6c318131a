import Concord
import Foundation
import TestSupport
import Testing

/// `--init`: what is taken over from other weights, and what is refused.
@Suite(.serialized) struct InitialWeightsTests {
    private func trained(_ world: SmallWorld, _ name: String = "first") throws -> String {
        let outcome = try world.train(name, "--set", "steps=2")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return world.run(name)
    }

    /// A tokenizer of 8192 tokens like the built-in one, two of them exchanged.
    private func otherTokenizer(_ world: SmallWorld) throws -> String {
        let path = world.folder.path + "/other.txt"
        var tokens = WordPieceTokenizer.english().tokens((0..<8192).map { Int32($0) })
        tokens.swapAt(5000, 5001)
        try tokens.map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func weightsOfAnotherTokenizerOfTheSameSizeAreRefusedWithBothNames() throws {
        let world = try SmallWorld()
        let first = try trained(world), other = try otherTokenizer(world)
        for source in [first, first + "/checkpoints/step-00000002.safetensors"] {
            let refused = try world.train("second", "--init", source, "--set", "tokenizer=\(other)")
            #expect(refused.status == 1, "\(refused.output)")
            #expect(
                refused.errors.contains("was trained with the tokenizer english-wordpiece (fingerprint "),
                "\(refused.errors)")
            #expect(refused.errors.contains("this recipe has \(other) (fingerprint "), "\(refused.errors)")
            #expect(refused.errors.contains("--init-only 'image.*'") && refused.errors.contains("--init-any-tokenizer"))
            #expect(!FileManager.default.fileExists(atPath: world.run("second")))
        }
        let all = try world.train(
            "all", "--init", first, "--init-any-tokenizer", "--set", "tokenizer=\(other)", "--set", "steps=1")
        #expect(all.status == 0 && all.output.contains("its tokenizer was english-wordpiece"), "\(all.errors)")
    }

    /// LiT: an encoder that learned from images alone becomes a frozen tower; and back.
    @Test func anEncoderIsTakenOverByAnotherObjective() throws {
        let world = try SmallWorld()
        let views = world.folder.path + "/views.yaml"
        try """
        steps: 2
        batch: 8
        data: {kind: table, path: pairs.tsv, columns: {image: filepath}}
        objective: {name: simclr, hidden: 8, dimension: 4}
        model: {image: {depth: 18, width: 4, stem: cifar}}
        views: {size: 16}
        """.write(toFile: views, atomically: true, encoding: .utf8)
        let alone = try CommandLineTool.run(
            ["train", views, "--data", world.data, "--out", world.run("alone")])
        #expect(alone.status == 0, "\(alone.errors)")
        let pairs = try world.train(
            "pairs", "--init", world.run("alone"), "--init-only", "image.*", "--set", "freeze=[image.encoder.*]",
            "--set", "steps=2")
        #expect(pairs.status == 0 && pairs.output.contains("tensors taken over"), "\(pairs.errors) \(pairs.output)")
        let (first, second) = (try checkpoint(world, "alone"), try checkpoint(world, "pairs"))
        let names = first.names.filter { $0.hasPrefix("encoder.") && $0.hasSuffix("weight") }
        #expect(names.count > 20)
        for name in names {
            #expect(try first.tensor(name).scalars == second.tensor("image." + name).scalars, "\(name)")
        }
        let back = try CommandLineTool.run(
            ["train", views, "--data", world.data, "--out", world.run("back"), "--init", world.run("pairs")])
        #expect(back.status == 0 && back.output.contains("not taken over: "), "\(back.errors) \(back.output)")
    }

    private func checkpoint(_ world: SmallWorld, _ name: String) throws -> Safetensors {
        try Safetensors(path: world.run(name) + "/checkpoints/step-00000002.safetensors")
    }

    @Test func aCopyOfTheTokenizerUnderAnotherNameIsTheSame() throws {
        let world = try SmallWorld()
        let first = try trained(world)
        let second = try world.train(
            "second", "--init", first, "--set", "tokenizer=\(first)/tokenizer", "--set", "steps=1")
        #expect(second.status == 0 && second.output.contains("tensors taken over\n"), "\(second.errors)")
    }

    @Test func ofACheckpointThatDoesNotSayItsTokenizerTheRunDoes() throws {
        let world = try SmallWorld()
        let first = try trained(world), path = first + "/checkpoints/step-00000002.safetensors"
        let file = try Safetensors(path: path), tensors = try file.names.map { ($0, try file.tensor($0)) }
        let metadata = file.metadata.filter { !$0.key.hasPrefix("tokenizer") }
        #expect(metadata.count == file.metadata.count - 2)
        try Safetensors.write(tensors, metadata: metadata, to: path)
        let other = try otherTokenizer(world)
        let refused = try world.train("second", "--init", first, "--set", "tokenizer=\(other)")
        #expect(
            refused.status == 1 && refused.errors.contains("tokenizer \(first)/tokenizer (fingerprint "),
            "\(refused.errors)")
        let loose = world.folder.path + "/loose.safetensors"
        try Safetensors.write(tensors, metadata: metadata, to: loose)
        let taken = try world.train("third", "--init", loose, "--set", "steps=1")
        #expect(
            taken.status == 0 && taken.output.contains("does not say which tokenizer it was trained with"),
            "\(taken.errors)")
    }

    @Test func otherPartsAloneAreTakenOverWhateverTheTokenizer() throws {
        let world = try SmallWorld()
        let first = try trained(world), other = try otherTokenizer(world)
        let second = try world.train(
            "second", "--init", first, "--init-only", "image.*", "--set", "tokenizer=\(other)", "--set", "steps=1",
            "--set",
            "freeze=[image.*]")
        #expect(second.status == 0, "\(second.errors)")
        let a = try Safetensors(path: first + "/checkpoints/step-00000002.safetensors")
        let b = try Safetensors(path: world.run("second") + "/checkpoints/step-00000001.safetensors")
        let image = "image.projection.weight", text = "text.projection.weight"
        #expect(try a.tensor(image).scalars == b.tensor(image).scalars)
        #expect(try a.tensor(text).scalars != b.tensor(text).scalars)
        let count = a.names.count { $0.hasPrefix("image.") }
        #expect(second.output.contains(": \(count) of \(count) tensors taken over\n"), "\(second.output)")
        let typo = try world.train("third", "--init", first, "--init-only", "imag.*")
        #expect(
            typo.status == 1 && typo.errors.contains("\"imag.*\"") && typo.errors.contains("--init-only"),
            "\(typo.errors)")
        #expect(try world.train("third", "--init-only", "image.*").status == 64)
    }

    @Test func tensorsThatDoNotFitAreNamedWithBothShapes() throws {
        let world = try SmallWorld()
        let first = try trained(world)
        let all = try Safetensors(path: first + "/checkpoints/step-00000002.safetensors").names.count
        let longer = try world.train("longer", "--init", first, "--set", "model.text.context=20", "--set", "steps=1")
        #expect(longer.status == 0, "\(longer.errors)")
        #expect(longer.output.contains(": \(all - 1) of \(all) tensors taken over\n"), "\(longer.output)")
        #expect(
            longer.output.contains(
                "text.encoder.positional_embedding is [12, 16] in the file and [20, 16] in the model\n"))
        let deeper = try world.train("deeper", "--init", first, "--set", "model.text.depth=2", "--set", "steps=1")
        #expect(deeper.output.contains("not taken over: 12 tensors that the file lacks ("), "\(deeper.output)")
        #expect(deeper.output.contains(", and 7 more)\n"), "\(deeper.output)")
    }

    @Test func takingOverNothingIsAnErrorWithTheReason() throws {
        let world = try SmallWorld()
        let first = try trained(world)
        let file = try Safetensors(path: first + "/checkpoints/step-00000002.safetensors")
        let renamed = world.folder.path + "/renamed.safetensors"
        try Safetensors.write(file.names.map { ("module." + $0, try file.tensor($0)) }, metadata: [:], to: renamed)
        let outcome = try world.train("second", "--init", renamed)
        #expect(
            outcome.status == 1 && outcome.errors.contains("none of its \(file.names.count) tensors"),
            "\(outcome.errors)")
        #expect(outcome.errors.contains("the file has names such as module."), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run("second")))
    }
}
