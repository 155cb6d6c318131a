import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Objectives over two views of a recording, on tones of their own pitch and rhythm.
@Suite(.serialized) struct AudioViewObjectiveTests {
    private let folder = TemporaryFolder()

    private func write() throws {
        try FileManager.default.createDirectory(atPath: folder.file("sounds"), withIntermediateDirectories: true)
        for n in 0..<24 {
            let samples = (0..<4000).map { i -> Float in
                let isOn = i / (100 + 40 * (n % 3)) % 2 == 0
                return isOn ? Float(sin(2 * Double.pi * Double(150 + 70 * n) * Double(i) / 4000)) * 0.5 : 0
            }
            try Audio(samples, rate: 4000).write(wav: folder.file("sounds/\(n % 3)_\(n).wav"))
        }
    }

    private static let yaml = """
        steps: 40
        batch: 12
        data: {kind: files, path: sounds, pattern: "{rhythm}_{take}.wav", columns: {audio: filepath}, labels: \
        [rhythm], split: none}
        model: {audio: {mels: 24, window: 128, channels: [24, 24], kernels: [3, 3], strides: [1, 2], \
        pooling: max, standardize: false}}
        optimizer: {learning_rate: 3e-3}
        schedule: {name: constant, warmup_steps: 4}
        checkpoint: {every: 20}
        """
    private static let crops = "views: {audio: {rate: 4000, seconds: 0.3, gain: 3}}"
    private static let changes = """
        views: {audio: {rate: 4000, seconds: 0.3, gain: 6, noise: 20, frequency_masks: 1, frequency_width: 3, \
        time_masks: 1, time_width: 0.05}}
        """

    struct Method: Sendable, CustomTestStringConvertible {
        let name: String, keys: String, views: String
        let chance: Double, bound: Double
        var testDescription: String { keys }
    }

    static let methods = [
        Method(name: "cola", keys: "name: cola, dimension: 32", views: crops, chance: log(12), bound: 1),
        Method(
            name: "cosine", keys: "name: cola, similarity: cosine, dimension: 32", views: crops, chance: log(12),
            bound: 1.2),
        Method(
            name: "simclr", keys: "name: simclr, input: audio, temperature: 0.2, hidden: 32, dimension: 16",
            views: changes, chance: log(23), bound: 1.5),
    ]

    private func train(_ run: String, _ method: Method, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(run, "objective: {\(method.keys)}\n\(method.views)\n\(Self.yaml)", overrides, resumed: resumed)
    }

    @Test(arguments: methods) func itLearnsResumesAndEmbeds(method: Method) throws {
        try write()
        try train("run", method)
        let losses = try folder.logged("loss", "run"), last = losses.suffix(5).reduce(0, +) / 5
        #expect(last < method.bound && method.bound < 0.6 * method.chance, "\(losses)")
        #expect(try Run(folder.file("run")).embed(audio: [folder.file("sounds/0_0.wav")]).shape == [1, 24])
        try train("parts", method, ["steps=20"])
        try train("parts", method, ["steps=40"], resumed: true)
        #expect(try Run(folder.file("run")).fingerprint == Run(folder.file("parts")).fingerprint)
    }
}
