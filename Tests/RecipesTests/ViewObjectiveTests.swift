import ConcordDatasets
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Objectives over two views of an image: each learns a small world, resumes bit for bit, and embeds.
@Suite(.serialized) struct ViewObjectiveTests {
    private let folder = TemporaryFolder()

    /// 48 images of stripes: four classes by direction and width, on colors of their own.
    private func write() throws {
        var rows = "filepath\tstripes\n"
        for n in 0..<48 {
            let kind = n % 4, period = kind < 2 ? 4 : 8
            let pixels = (0..<16 * 16).flatMap { place -> [UInt8] in
                let along = kind % 2 == 0 ? place % 16 : place / 16
                let isDark = (along + n) % period < period / 2
                return [UInt8(isDark ? 30 : 200), UInt8(isDark ? n * 2 : 255 - n * 2), UInt8(n * 5)]
            }
            try Image(pixels: Tensor(pixels, shape: [16, 16, 3])).write(jpeg: folder.file("\(n).jpg"))
            rows += "\(n).jpg\tkind \(kind)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private static let yaml = """
        steps: 40
        batch: 12
        data: {path: rows.tsv, columns: {image: filepath}, labels: [stripes], split: {column: filepath, modulo: 6}}
        model: {image: {depth: 18, width: 4, stem: cifar}}
        views: {size: 16, scale: 0.7, jitter: 0.1, gray: 0}
        optimizer: {learning_rate: 3e-3}
        schedule: {name: constant, warmup_steps: 4}
        checkpoint: {every: 20}
        """

    /// A run of a method; its losses, one a step.
    @discardableResult private func train(
        _ name: String, _ objective: String, _ overrides: [String] = [], resumed: Bool = false
    ) throws -> [Float] {
        let recipe = folder.file("\(name).yaml")
        try "objective: {\(objective)}\n\(Self.yaml)".write(toFile: recipe, atomically: true, encoding: .utf8)
        try TrainingSession(
            recipe: resumed ? nil : recipe, overrides: overrides, data: folder.file(""), directory: folder.file(name),
            isResumed: resumed
        ).run(progress: .silent, catchesSignals: false)
        return try values(of: "loss", in: name)
    }

    private func values(of metric: String, in run: String) throws -> [Float] {
        try String(contentsOfFile: folder.file(run) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
            .compactMap { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return (object?[metric] as? NSNumber)?.floatValue
            }
    }

    struct Method: Sendable, CustomTestStringConvertible {
        let name: String
        let keys: String
        /// The loss at chance, and below which the last ones are.
        let chance: Float, bound: Float
        /// Whether an untrained network is about at chance.
        var startsAtChance = false
        var testDescription: String { "\(name) \(keys)" }
    }

    private static let methods = [
        Method(name: "simclr", keys: "temperature: 0.5", chance: log(23), bound: 2.6, startsAtChance: true),
        Method(name: "simclr", keys: "decoupled: true", chance: log(22), bound: 2.5, startsAtChance: true),
        Method(
            name: "simclr", keys: "decoupled: true, decoupled_sigma: 0.5", chance: log(22), bound: 2.5,
            startsAtChance: true),
        Method(name: "simclr", keys: "hard_negatives: 1", chance: log(23), bound: 2.8, startsAtChance: true),
        Method(name: "simclr", keys: "debiased: 0.1", chance: log(23), bound: 2.6, startsAtChance: true),
        Method(name: "supcon", keys: "temperature: 0.5", chance: log(23), bound: 2.9, startsAtChance: true),
        Method(name: "barlow_twins", keys: "", chance: 16, bound: 4),
        Method(name: "vicreg", keys: "", chance: 25, bound: 17),
        Method(name: "w_mse", keys: "dimension: 4, sub_batch: 12", chance: 2, bound: 1.4),
        Method(name: "nnclr", keys: "queue: 24, temperature: 0.3", chance: log(12), bound: 2.3),
        Method(name: "moco", keys: "version: 1, queue: 32, momentum: 0.9", chance: log(33), bound: 2.5),
        Method(name: "moco_v3", keys: "momentum: 0.9, temperature: 0.5", chance: log(12), bound: 2.3),
        Method(name: "swav", keys: "prototypes: 12, queue: 24, frozen_steps: 3", chance: log(12), bound: 2.2),
    ]

    @Test(arguments: methods) func theLossFallsBelowChanceAndARunResumesBitForBit(_ method: Method) throws {
        try write()
        let keys = method.keys.isEmpty ? [] : [method.keys]
        let sizes = [("hidden", 32), ("dimension", 16)].filter { name, _ in
            !method.keys.contains(name) && !(name == "hidden" && method.keys.contains("version: 1"))
        }.map { "\($0): \($1)" }
        let objective = (["name: \(method.name)"] + keys + sizes).joined(separator: ", ")
        let losses = try train("run", objective)
        #expect(losses.count == 40 && losses.suffix(8).reduce(0, +) / 8 < method.bound, "\(losses)")
        if method.startsAtChance { #expect(abs(losses[0] - method.chance) < 0.2, "\(losses[0])") }
        let whole = try Run(folder.file("run")).fingerprint, checkpoints = folder.file("run/checkpoints")
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints) where name.contains("00000040") {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + name)
        }
        #expect(try Run(folder.file("run")).fingerprint != whole)
        try train("run", objective, resumed: true)
        let run = try Run(folder.file("run"))
        #expect(run.fingerprint == whole)
        let index = try run.index(images: (0..<6).map { folder.file("\($0).jpg") })
        #expect(index.embeddings.shape == [6, 32])
    }

    @Test func positivesByLabelWantALabel() throws {
        let yaml = "data: {columns: {image: filepath}}\nobjective: {name: supcon}"
        let error = #expect(throws: RecipeError.self) { try Recipe(yaml: yaml, source: "r.yaml") }
        #expect(error?.description.contains("labels: [category]") ?? false, "\(error?.description ?? "")")
        let pairs = "objective: {name: contrastive, positives: label}"
        #expect(throws: RecipeError.self) { try Recipe(yaml: pairs, source: "r.yaml") }
        let classes = try Recipe(yaml: "data: {kind: folder}\nobjective: {name: supcon}", source: "r")
        #expect(classes.data.labels == ["label"])
    }

    @Test func batchesOfSupConHaveTheClassesAsLabels() throws {
        try write()
        let recipe = try Recipe(
            yaml: "objective: {name: supcon}\n\(Self.yaml)", source: "r",
            overrides: ["data.split=none", "batch=48"])
        let batches = try recipe.trainingBatches(data: folder.file(""), tokenizer: nil)
        let first = try #require(batches.epoch(0).first { _ in true })
        let labels = try #require(first.get().imageViews?.input.labels).integerScalars
        var counts: [Int32: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        #expect(counts.values.sorted() == [12, 12, 12, 12], "\(counts)")
    }
}
