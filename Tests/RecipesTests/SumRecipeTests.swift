import ConcordDatasets
import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Weighted sums of objectives in recipes: shared encoders, what each part sees, names, faults.
@Suite(.serialized) struct SumRecipeTests {
    private let folder = TemporaryFolder()

    private static let texts = """
        steps: 6
        batch: 12
        data: {path: rows.tsv, columns: {a: {kind: text, column: a}, b: {kind: text, column: b}}, split: none}
        model: {dimension: 16, text: {width: 16, depth: 1, heads: 2, context: 8}}
        optimizer: {learning_rate: 3e-3}
        checkpoint: {every: 3}
        """

    private static let images = """
        steps: 6
        batch: 8
        data: {path: shop.tsv, columns: {image: file, text: title}, split: none}
        model: {dimension: 8, image: {width: 4, stem: cifar}, text: {width: 16, depth: 1, heads: 2, context: 8}}
        views: {size: 8}
        checkpoint: {every: 3}
        """

    private static let slip = """
        objective:
          name: sum
          parts:
            pairs: {name: contrastive}
            views: {name: simclr, weight: 0.5}
            words: {name: masked, weight: 0.1}

        """

    private func writeTexts() throws {
        let words = ["red", "green", "blue", "cat", "dog", "cow"]
        let rows = (0..<48).map { "\(words[$0 % 6]) \(words[$0 / 6 % 6]) \($0)\t\(words[$0 / 6 % 6]) and \($0)" }
        try (["a\tb"] + rows).joined(separator: "\n").write(
            toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    /// 16 images with two titles each, and as many texts of running text.
    private func writeImages() throws {
        var rows = ["file\ttitle"]
        for n in 0..<16 {
            try MovingShapes(size: 8, shapes: 1, seed: UInt64(n)).frame(0, of: n).write(jpeg: folder.file("\(n).jpg"))
            rows += ["\(n).jpg\tthe shape \(n)", "\(n).jpg\tanother name of \(n)"]
        }
        try rows.joined(separator: "\n").write(toFile: folder.file("shop.tsv"), atomically: true, encoding: .utf8)
    }

    @Test func itIsTheSameAsTheShortFormBitForBit() throws {
        try writeTexts()
        try folder.train("short", "objective: {masked: {weight: 0.25}, temperature: 0.1}\n\(Self.texts)")
        let parts = """
            {contrastive: {name: contrastive, temperature: 0.1}, masked_language_model: {name: masked, weight: 0.25}}
            """
        try folder.train("sum", "objective: {name: sum, parts: \(parts)}\n\(Self.texts)")
        #expect(try folder.logged("loss", "sum") == folder.logged("loss", "short"))
        #expect(try folder.logged("masked_language_model", "sum") == folder.logged("masked_language_model", "short"))
        #expect(try Run(folder.file("sum")).fingerprint == Run(folder.file("short")).fingerprint)
    }

    /// Two titles an image: pairs have positives by file, and views none, though they share the batch.
    @Test func eachPartSeesWhatItAskedForAlone() throws {
        try writeImages()
        let parts = "joint_embedding: {name: simclr, weight: 0.5, temperature: 0.2, hidden: 16, dimension: 8}"
        let data = Self.images.replacing("split: none", with: "split: none, labels: [title]")
        let own = data.replacing(", text: {width: 16, depth: 1, heads: 2, context: 8}", with: "")
            .replacing("dimension: 8, image", with: "image")
        try folder.train("views", "objective: {name: sum, parts: {\(parts)}}\n\(own)", ["steps=1"])
        try folder.train("both", "objective: {name: sum, parts: {\(parts), pairs: {name: contrastive}}}\n\(data)")
        let alone = try folder.logged("joint_embedding", "views"), both = try folder.logged("joint_embedding", "both")
        #expect(alone.count == 1 && both.count == 6 && alone[0] == both[0], "\(alone) \(both)")
        // Images are embedded where texts are, though views come first.
        #expect(try Run(folder.file("both")).index(images: [folder.file("0.jpg")]).embeddings.shape == [1, 8])
        let loss = try folder.logged("loss", "both"), pairs = try folder.logged("pairs", "both")
        for (loss, parts) in zip(loss, zip(pairs, both)) { #expect(abs(loss - parts.0 - 0.5 * parts.1) < 1e-4) }
    }

    @Test func resumedItIsTheSameBitsAndItSearches() throws {
        try writeImages()
        try folder.train("run", Self.slip + Self.images)
        let whole = try Run(folder.file("run")).fingerprint, checkpoints = folder.file("run/checkpoints")
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints) where name.contains("00000006") {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + name)
        }
        try folder.train("run", "", resumed: true)
        let run = try Run(folder.file("run"))
        #expect(run.fingerprint == whole)
        #expect(try run.embed(texts: ["the shape 3"]).shape == [1, 8])
        let report = try run.evaluate(data: folder.file(""))
        #expect(report.metrics.contains { $0.name.hasPrefix("retrieval") })
    }

    /// Next tokens make the encoder of texts causal, and leave a vision transformer beside it as it is.
    @Test func onlyTheEncoderThatPredictsNextTokensIsCausal() throws {
        let recipe = try Recipe(
            yaml: """
                data: {path: shop.tsv, columns: {image: file, text: title}, split: none}
                objective: {name: sum, parts: {a: {name: contrastive}, b: {name: next_token}}}
                model: {image: {encoder: vit, width: 8, depth: 1, patch: 8}, text: {width: 16, depth: 1, context: 8}}
                views: {size: 16}
                """, source: "r.yaml")
        #expect((recipe.model.encoder(of: .image)?.recipe as? ViTRecipe)?.isCausal == false)
        #expect((recipe.model.encoder(of: .text)?.recipe as? TransformerRecipe)?.causal == true)
    }

    @Test func partsThatPredictFramesShareTheirEncoder() throws {
        let parts = "{near: {name: predictive, horizon: 2, negatives: 4}, far: {name: frames, ahead: 2, weight: 0.5}}"
        let recipe = try Recipe(
            yaml: """
                data: {kind: files, path: ., pattern: "{name}.wav", columns: {audio: filepath}, split: none}
                objective: {name: sum, parts: \(parts)}
                model: {audio: {encoder: cpc, channels: [16, 16], kernels: [8, 4], strides: [4, 4], context: gru, hidden: 8}}
                views: {audio: {rate: 8000, seconds: 0.05}}
                """, source: "r.yaml")
        let model = try RecipeModel(recipe, vocabulary: nil).objective
        let paths = ParameterWalk(model).parameters.map(\.path)
        #expect(paths.contains { $0.hasPrefix("near.encoder.") } && !paths.contains { $0.hasPrefix("far.encoder.") })
        #expect(paths.contains { $0.hasPrefix("near.context.") } && paths.contains { $0.hasPrefix("far.context.") })
    }

    @Test func faultsOfAPartsOwnChecksNameItsKey() throws {
        let error = #expect(throws: RecipeError.self) {
            _ = try Recipe(
                yaml: """
                    data: {kind: files, path: ., pattern: "{name}.wav", columns: {audio: filepath}, split: none}
                    objective: {name: sum, parts: {near: {name: predictive, negatives_from: group}}}
                    model: {audio: {encoder: cpc, channels: [16, 16], kernels: [8, 4], strides: [4, 4], context: gru}}
                    """, source: "r.yaml")
        }
        let words = "objective.parts.near.negatives_from: group draws"
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        let recipe = try Recipe(
            yaml: "objective: {name: sum, parts: {near: {name: distill}}}\n\(Self.texts)", source: "r.yaml")
        #expect(recipe.objective.needs.teacher?.key == "objective.parts.near.teacher")
    }

    @Test(arguments: [
        ("{}", "objective.parts: the objectives to add up"),
        ("{a: {weight: 2}}", "objective.parts.a.name: the objective of the part wanted"),
        ("{a: {name: contrastiv}}", "did you mean \"contrastive\""),
        ("{a: {name: contrastive, temprature: 1}}", "objective.parts.a.temprature: unknown key"),
        ("{a: {name: contrastive}, b: {name: simclr}}", "data.columns names no image"),
        ("{a: {name: contrastive}, b: {name: frames}}", "objective.parts.b: objective frames learns from audio"),
        ("{a: {name: next_token}, b: {name: masked}}", "objective.parts.b: it asks for both sides of a masked"),
        ("{a: {name: masked}, b: {name: next_token}}", "objective.parts.b: it asks for causal encoders"),
        ("{a: {name: contrastive}, b: {name: contrastive, positives: equal_texts}}", "objective.parts.b: it asks for pos"),
        ("{\"a.b\": {name: contrastive}}", "letters, digits and _"),
        ("{a: {name: sum}}", "objective.parts.a.name: \"sum\" is none of"),
    ]) func faultsNameTheKey(parts: String, message: String) {
        let error = #expect(throws: RecipeError.self) {
            _ = try Recipe(yaml: "objective: {name: sum, parts: \(parts)}\n\(Self.texts)", source: "r.yaml")
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
