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

/// Vision transformers in recipes, and masked image modeling with them.
@Suite(.serialized) struct VisionRecipeTests {
    private let folder = TemporaryFolder()
    private static let classes = ["rows", "columns", "disc", "cross"]

    /// Images of 16 x 16 pixels in random colors: four patterns, at random places and widths.
    private func write(train: Int, test: Int) throws {
        for (part, count) in [("train", train), ("test", test)] {
            for n in 0..<count {
                var random = RandomKey(seed: 5).derived(part, n).sequence
                func color() -> [UInt8] { (0..<3).map { _ in UInt8(random.integer(below: 256)) } }
                let kind = n % 4, (back, front) = (color(), color())
                let (period, shift) = (3 + random.integer(below: 3), random.integer(below: 5))
                let x = 4 + random.integer(below: 8), y = 4 + random.integer(below: 8)
                let size = 3 + random.integer(below: 2)
                var bytes: [UInt8] = []
                for row in 0..<16 {
                    for column in 0..<16 {
                        let (dx, dy) = (column - x, row - y)
                        let isFront =
                            switch kind {
                            case 0: (row + shift) % period < 2
                            case 1: (column + shift) % period < 2
                            case 2: dx * dx + dy * dy <= size * size
                            default: min(abs(dx), abs(dy)) < 1 && max(abs(dx), abs(dy)) <= size + 2
                            }
                        bytes += isFront ? front : back
                    }
                }
                let place = folder.file("\(part)/\(Self.classes[kind])")
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                try Image(pixels: Tensor(bytes, shape: [16, 16, 3])).write(jpeg: "\(place)/\(n).jpg")
            }
        }
    }

    private static func yaml(_ objective: String, steps: Int = 6, batch: Int = 8, rate: String = "1e-3") -> String {
        """
        steps: \(steps)
        batch: \(batch)
        data: {kind: folder, path: train, held_out: test}
        objective: \(objective)
        model: {image: {encoder: vit, patch: 4, width: 32, depth: 2, heads: 2}}
        views: {size: 16, crop: whole, flip: false}
        optimizer: {learning_rate: \(rate)}
        schedule: {name: constant}
        """
    }

    @discardableResult
    private func train(
        _ yaml: String, _ name: String, _ overrides: [String] = [], resumed: Bool = false
    ) throws -> [TrainingEvent] {
        let recipe = folder.file("\(name).yaml")
        try yaml.write(toFile: recipe, atomically: true, encoding: .utf8)
        var events: [TrainingEvent] = []
        try TrainingSession(
            recipe: resumed ? nil : recipe, overrides: overrides, data: folder.path, directory: folder.file(name),
            isResumed: resumed
        ).run(progress: .silent, catchesSignals: false) { events.append($0) }
        return events
    }

    private func losses(_ name: String) throws -> [Double] {
        let text = try String(contentsOfFile: folder.file(name) + "/metrics.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").compactMap {
            (try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["loss"] as? Double
        }
    }

    private static let objectives = [
        "{name: mae, decoder_width: 32, decoder_depth: 1}", "{name: simmim}", "{name: next_patch}",
        "{name: simclr, hidden: 16, dimension: 8}",
    ]

    @Test(arguments: objectives) func itResumesToTheSameBitsAndEmbeds(objective: String) throws {
        try write(train: 24, test: 8)
        let yaml = Self.yaml(objective)
        try train(yaml, "whole")
        try train(yaml, "parts", ["steps=4"])
        try train(yaml, "parts", ["steps=6"], resumed: true)
        let (whole, parts) = (try Run(folder.file("whole")), try Run(folder.file("parts")))
        #expect(whole.fingerprint == parts.fingerprint)
        let index = try whole.index(images: [folder.file("test/rows/0.jpg"), folder.file("test/disc/2.jpg")])
        #expect(index.embeddings.shape == [2, 32])
        #expect(try Safetensors(path: whole.weights).names.contains { $0.hasSuffix("patch_embed.proj.weight") })
    }

    @Test(arguments: objectives) func microbatchesChangeNothingButRounding(objective: String) throws {
        try write(train: 24, test: 8)
        try train(Self.yaml(objective), "whole", ["precision=float32"])
        try train(Self.yaml(objective), "micro", ["precision=float32", "microbatch=3"])
        for (a, b) in zip(try losses("micro"), try losses("whole")) { #expect(abs(a - b) < 1e-3 * abs(b)) }
        if Processor.hasBFloat16 {
            try train(Self.yaml(objective), "narrow", ["precision=bfloat16"])
            for (a, b) in zip(try losses("narrow"), try losses("whole")) { #expect(abs(a - b) < 0.05 * abs(b)) }
        }
    }

    @Test func itContrastsImagesAndTexts() throws {
        try write(train: 24, test: 8)
        let contrastive = """
            steps: 6
            batch: 8
            data: {kind: folder, path: train, held_out: test}
            tokenizer: english-wordpiece
            model:
              dimension: 8
              image: {encoder: vit, patch: 4, width: 32, depth: 1, pooling: class, positions: learned, registers: 2}
              text: {width: 16, depth: 1, heads: 2, context: 8}
            views: {size: 16}
            """
        try train(contrastive, "pairs")
        let run = try Run(folder.file("pairs"))
        #expect(try run.index(images: [folder.file("test/rows/0.jpg")]).embeddings.shape == [1, 8])
        let names = try Safetensors(path: run.weights).names
        for name in ["cls_token", "reg_token", "pos_embed"] {
            #expect(names.contains { $0.hasSuffix(name) }, "\(names)")
        }
    }

    /// Embeddings know the pattern better than those of the untrained network, and pixels are predicted. SimMIM's raw
    /// pixels are mostly color here, so that it learns patterns more slowly.
    @Test(arguments: [
        ("{name: mae, decoder_width: 32, decoder_depth: 1}", 400, 0.03, 0.08),
        ("{name: simmim, fraction: 0.5, block: 1}", 1000, 0, 0.04),
        ("{name: next_patch}", 600, 0, 0.04),
    ])
    func itLearnsWhatImagesShow(objective: String, steps: Int, neighbors: Double, probe: Double) throws {
        try write(train: 320, test: 400)
        let events = try train(Self.yaml(objective, steps: steps, batch: 32, rate: "2e-3"), "run")
        var reports: [EvaluationReport] = []
        for event in events {
            if case .untrained(let report) = event { reports.append(report) }
            if case .evaluated(let report) = event { reports.append(report) }
        }
        let knn = try reports.map { try #require($0.knn?["label"]).accuracy }
        let linear = try reports.map { try #require($0.linearProbe?["label"]).accuracy }
        #expect(knn.count == 2 && knn[1] > knn[0] + neighbors, "\(knn)")
        #expect(linear.count == 2 && linear[1] > linear[0] + probe, "\(linear)")
        let losses = try losses("run")
        #expect(try #require(losses.last) < 0.4 * #require(losses.first), "\(losses.first ?? 0), \(losses.last ?? 0)")
    }

    @Test(arguments: [
        ("model.image.encoder=resnet", "model.image.encoder: objective mae masks patches of images; set it to vit"),
        ("model.image.patch=5", "views.size: encoder vit cuts images into patches of 5 pixels (patch), of which 16 "),
        ("objective.block=3", "objective.block: images of views.size have 4 x 4 patches, which squares of 3 do not "),
        ("model.image.width=30", "model.image.positions: sin_cos wants a width that is a multiple of 4, not 30"),
        ("objective={name: next_patch, ahead: 16}", "objective.ahead: an image of 16 patches has none 16 after its first"),
        ("model.image.causal=true", "model.image.causal: objective mae predicts masked patches from both"),
        ("objective.decoder_heads=3", "objective.decoder_heads=3: decoder_width 128 is no multiple of 3 heads"),
    ])
    func whatDoesNotFitIsNamed(override: String, message: String) throws {
        let overrides = override.contains("encoder") ? ["model.image={encoder: resnet}"] : [override]
        let error = #expect(throws: RecipeError.self) {
            let recipe = try Recipe(yaml: Self.yaml("{name: mae}"), source: "r.yaml", overrides: overrides)
            _ = try RecipeModel(recipe, vocabulary: nil)
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
