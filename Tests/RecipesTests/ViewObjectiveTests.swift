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
        /// What the teacher's classes tell of a sample at the end, in nats: 0 where it collapsed.
        var information: Double?
        /// Settings beside the objective's.
        var overrides: [String] = []
        var testDescription: String { "\(name) \(keys) \(overrides.joined(separator: " "))" }
    }

    private static let dino = "classes: 12, momentum: 0.99, teacher_temperature: 0.04, head_norm: hidden"
    private static let methods = [
        Method(name: "simclr", keys: "temperature: 0.5", chance: log(23), bound: 2.6, startsAtChance: true),
        Method(
            name: "simclr", keys: "temperature: 0.5, temperature_schedule: {form: cosine, to: 0.3}", chance: log(23),
            bound: 2.5, startsAtChance: true),
        Method(
            name: "simclr", keys: "temperature: 0.5", chance: log(23), bound: 2.9, startsAtChance: true,
            overrides: ["optimizer={name: lars, learning_rate: 1, trust: 0.02}"]),
        Method(
            name: "simclr", keys: "temperature: 0.5", chance: log(23), bound: 2.9, startsAtChance: true,
            overrides: ["optimizer={name: lamb, learning_rate: 0.02}"]),
        Method(
            name: "simclr", keys: "temperature: 0.5", chance: log(23), bound: 2.9, startsAtChance: true,
            overrides: ["optimizer={name: lion, learning_rate: 1e-3, weight_decay: 0.1, layer_decay: 0.9}"]),
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
        Method(
            name: "swav", keys: "prototypes: 12", chance: log(12), bound: 2.3,
            overrides: ["views.local_crops={count: 3, scale: [0.2, 0.5]}"]),
        Method(
            name: "dino", keys: dino, chance: log(12), bound: 2.45, information: 1,
            overrides: ["optimizer.learning_rate=1e-3"]),
        Method(
            name: "dino", keys: dino + ", frozen_steps: 3", chance: log(12), bound: 2.45, information: 1,
            overrides: ["optimizer.learning_rate=1e-3", "views.local_crops={count: 2, size: 8, scale: [0.2, 0.5]}"]),
        Method(
            name: "byol", keys: "momentum: 0.9", chance: 1, bound: 0.7,
            overrides: ["views.local_crops={count: 2, size: 12}"]),
    ]

    @Test(arguments: methods) func theLossFallsBelowChanceAndARunResumesBitForBit(_ method: Method) throws {
        try write()
        let keys = method.keys.isEmpty ? [] : [method.keys]
        let sizes = [("hidden", 32), ("dimension", 16)].filter { name, _ in
            !method.keys.contains(name) && !(name == "hidden" && method.keys.contains("version: 1"))
        }.map { "\($0): \($1)" }
        let objective = (["name: \(method.name)"] + keys + sizes).joined(separator: ", ")
        let losses = try train("run", objective, method.overrides)
        #expect(losses.count == 40 && losses.suffix(8).reduce(0, +) / 8 < method.bound, "\(losses)")
        if method.startsAtChance { #expect(abs(losses[0] - method.chance) < 0.2, "\(losses[0])") }
        if let least = method.information {
            let information = try folder.logged("teacher_information", "run")
            #expect(information.suffix(8).reduce(0, +) / 8 > least, "\(information)")
        }
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

    /// The first thread that computes keeps the process's pool of threads while it lives; a run on another one has the
    /// same bits.
    @Test func aRunDoesNotDependOnWhoHasThePoolOfThreads() throws {
        try write()
        let objective = "name: dino, \(Self.dino), hidden: 32, dimension: 16"
        let overrides = ["steps=12", "views.local_crops={count: 2, size: 8, scale: [0.2, 0.5]}"]
        let trained = DispatchSemaphore(value: 0), compared = DispatchSemaphore(value: 0)
        for (place, name) in ["with", "without"].enumerated() {
            Thread {
                do { try train(name, objective, overrides) } catch { Issue.record(error) }
                trained.signal()
                if place == 0 { compared.wait() }
            }.start()
            trained.wait()
        }
        compared.signal()
        #expect(try Run(folder.file("with")).fingerprint == Run(folder.file("without")).fingerprint)
    }

    @Test func localCropsAreSmallerPartsOfTheSameImages() throws {
        try write()
        let recipe = try Recipe(
            yaml: "objective: {name: dino}\n\(Self.yaml)", source: "r",
            overrides: ["views.local_crops={count: 3, size: 8, scale: [0.1, 0.3]}", "data.split=none"])
        #expect(recipe.views.image?.localCrops?.area == 0.1...0.3 && recipe.views.image?.scale == 0.7)
        let batches = try recipe.trainingBatches(data: folder.file(""), tokenizer: nil)
        let batch = try #require(batches.epoch(0).first { _ in true })
        let views = try #require(try batch.get().imageViews?.input), local = try #require(views.local)
        #expect(local.count == 3 && local.input.shape == [36, 8, 8, 3] && views.first.shape == [12, 16, 16, 3])
        // Images of one gray each: crops of a sample agree in it, and samples differ.
        var rows = "filepath\n"
        for n in 0..<12 {
            let gray = Tensor([UInt8](repeating: UInt8(n * 20), count: 3 * 256), shape: [16, 16, 3])
            try Image(pixels: gray).write(jpeg: folder.file("gray\(n).jpg"))
            rows += "gray\(n).jpg\n"
        }
        try rows.write(toFile: folder.file("gray.tsv"), atomically: true, encoding: .utf8)
        let plain = try Recipe(
            yaml: "objective: {name: dino}\n\(Self.yaml)", source: "r",
            overrides: [
                "views.local_crops={count: 3, size: 8}", "data.path=gray.tsv", "data.split=none", "data.labels=[]",
                "views.jitter=0",
            ])
        let same = try #require(
            try plain.trainingBatches(data: folder.file(""), tokenizer: nil).epoch(0).first { _ in true }?.get()
                .imageViews?.input)
        let grays = [same.first, try #require(same.local).input].map {
            $0.mean(axes: [1, 2]).sliced(0..<1, axis: 1).scalars
        }
        for (place, value) in grays[1].enumerated() { #expect(abs(value - grays[0][place % 12]) < 0.02) }
        #expect(Set(grays[0].map { ($0 * 10).rounded() }).count == 12)
    }

    @Test func localCropsWithoutSuchChangesLeaveTheViewsAsTheyWere() throws {
        try write()
        func first(_ overrides: [String]) throws -> Tensor {
            let recipe = try Recipe(
                yaml: "objective: {name: dino}\n\(Self.yaml)", source: "r", overrides: ["data.split=none"] + overrides)
            let batches = try recipe.trainingBatches(data: folder.file(""), tokenizer: nil)
            return try #require(try batches.epoch(0).first { _ in true }?.get().imageViews?.input.second)
        }
        #expect(try first([]).scalars == first(["views.local_crops={count: 2}"]).scalars)
    }

    @Test(arguments: [
        ("simclr", "model.image.encoder=resnet", "views.local_crops: this objective compares no smaller crops; dino"),
        ("dino", "views.crop=whole", "views.local_crops: they are random areas of an image; set views.crop"),
        ("dino", "views.local_crops.scale=[0.5, 0.2]", ": 0.5 is above 0.2; the smaller fraction comes first"),
    ])
    func localCropsThatCannotBeAreRefused(name: String, override: String, message: String) {
        let error = #expect(throws: RecipeError.self) {
            try Recipe(
                yaml: "objective: {name: \(name)}\nviews: {size: 16, local_crops: {count: 2}}\n"
                    + "data: {columns: {image: filepath}}", source: "r", overrides: [override])
        }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("{encoder: vit, patch: 4, width: 16, depth: 1}", 6, "views.local_crops.size: encoder vit cuts"),
        ("{encoder: modified_resnet, width: 4, output: 8}", 16, "views.local_crops: encoder modified_resnet reads"),
    ])
    func anEncoderThatCannotTakeLocalCropsSaysSo(encoder: String, size: Int, message: String) throws {
        try write()
        let error = #expect(throws: RecipeError.self) {
            try train(
                "refused", "name: dino, hidden: 16, dimension: 8",
                ["model.image=\(encoder)", "views={size: 32, local_crops: {size: \(size)}}"])
        }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    /// Positions of a vision transformer are interpolated for the smaller crops.
    @Test(arguments: ["learned", "sin_cos"]) func aVisionTransformerTakesLocalCrops(positions: String) throws {
        try write()
        let losses = try train(
            "vit", "name: dino, hidden: 32, dimension: 16, \(Self.dino)",
            [
                "model.image={encoder: vit, patch: 4, width: 32, depth: 2, heads: 2, pooling: class, "
                    + "positions: \(positions)}", "views.local_crops={count: 2, size: 8}",
            ])
        let information = try folder.logged("teacher_information", "vit")
        #expect(losses.count == 40 && (information.last ?? 0) > 0.3, "\(losses), information \(information)")
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
