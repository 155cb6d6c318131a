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

    @Test func resumedItIsTheSameBits() throws {
        try write()
        try train("whole", ["steps=20"])
        try train("parts", ["steps=10"])
        try train("parts", ["steps=20"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
    }
}
