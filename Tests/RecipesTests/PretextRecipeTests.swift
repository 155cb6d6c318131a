import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Objectives whose labels are changes made to the sample.
@Suite(.serialized) struct PretextRecipeTests {
    private let folder = TemporaryFolder()

    /// Images that are light at the top and dark at the bottom, in colors of their own.
    private func write() throws {
        try FileManager.default.createDirectory(atPath: folder.file("train/sky"), withIntermediateDirectories: true)
        for n in 0..<48 {
            var bytes: [UInt8] = []
            for row in 0..<16 {
                for column in 0..<16 {
                    let light = 255 - row * 14, tint = (n * 37 + column * 3) % 40
                    bytes += [UInt8(light), UInt8(max(0, light - tint)), UInt8(max(0, light - 2 * tint))]
                }
            }
            try Image(pixels: Tensor(bytes, shape: [16, 16, 3])).write(jpeg: folder.file("train/sky/\(n).jpg"))
        }
    }

    /// Stripes that get narrower to the right and downwards, with a phase of each image's own: the widths of a tile's
    /// stripes say where it is from, whatever its brightness.
    private func writeStripes() throws {
        try FileManager.default.createDirectory(atPath: folder.file("train/sky"), withIntermediateDirectories: true)
        func wave(_ place: Int, _ phase: Float) -> Double {
            let x = Double(place), angle: Double = 6.28 * Double(phase) + 0.3 * x + 0.05 * x * x
            return 60 * sin(angle)
        }
        for n in 0..<48 {
            var random = RandomKey(seed: UInt64(n)).sequence
            let first = random.uniform(), second = random.uniform()
            var bytes: [UInt8] = []
            for row in 0..<24 {
                for column in 0..<24 {
                    let value: Double = 128 + wave(row, first) + wave(column, second)
                    bytes += [UInt8](repeating: UInt8(value), count: 3)
                }
            }
            try Image(pixels: Tensor(bytes, shape: [24, 24, 3])).write(jpeg: folder.file("train/sky/\(n).jpg"))
        }
    }

    private static let yaml = """
        steps: 40
        batch: 12
        data: {kind: folder, path: train, split: none}
        objective: {name: rotation}
        model: {image: {width: 4, stem: cifar}}
        views: {size: 16, crop: whole}
        optimizer: {learning_rate: 3e-3}
        schedule: {name: constant, warmup_steps: 0}
        checkpoint: {every: 10}
        """

    private func train(_ name: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(name, Self.yaml, overrides, resumed: resumed)
    }

    @Test func whatIsUpIsLearnedByRotation() throws {
        try write()
        try train("run")
        let losses = try folder.logged("loss", "run"), accuracies = try folder.logged("accuracy", "run")
        #expect(try #require(losses.last) < 0.3, "\(losses)")  // ln 4 is 1.386
        #expect(try #require(accuracies.last) > 0.9, "\(accuracies)")
        #expect(try Run(folder.file("run")).embed(images: [folder.file("train/sky/0.jpg")]).shape == [1, 32])
    }

    @Test(arguments: [
        ("jigsaw", ["objective.permutations=4", "views={size: 24, crop: whole, flip: false}"], 1.386),
        ("patch_position", ["views={size: 24, crop: whole, flip: false}"], 2.079),
        ("colorization", ["objective.doublings=0"], 5.56),
        ("simmim", ["objective.fraction=0.5"], 1.0),
    ])
    func otherPretextsLearn(name: String, overrides: [String], chance: Double) throws {
        if name == "jigsaw" || name == "patch_position" { try writeStripes() } else { try write() }
        try train("run", ["objective.name=\(name)"] + overrides)
        let losses = try folder.logged("loss", "run"), last = losses.suffix(5).reduce(0, +) / 5
        #expect(losses.count == 40 && last < 0.8 * min(chance, losses[0]), "\(losses)")
        #expect(try Run(folder.file("run")).embed(images: [folder.file("train/sky/0.jpg")]).shape == [1, 32])
    }

    @Test(arguments: [
        ("objective.name=mae", "model.image.encoder"), ("objective={name: jigsaw, gap: 9}", "objective.gap"),
        ("objective={name: jigsaw, grid: 2, permutations: 25}", "objective.permutations"),
        ("views={size: 20}", "views.size"), ("objective={name: colorization, doublings: 4}", "objective.doublings"),
    ])
    func whatDoesNotFitIsRefusedByItsKey(override: String, key: String) throws {
        try write()
        let all = ["objective.name=colorization", override, "steps=1"]
        let error = #expect(throws: (any Error).self) { try train("run", all) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(key), "\(error.map { "\($0)" } ?? "")")
    }

    @Test(arguments: ["rotation", "colorization", "jigsaw"]) func resumedItIsTheSameBits(name: String) throws {
        try write()
        try train("whole", ["steps=20", "objective.name=\(name)"])
        try train("parts", ["steps=10", "objective.name=\(name)"])
        try train("parts", ["steps=20"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
    }
}
