import Concord
import Foundation
import TestSupport

/// Thirty-two tones of four pitches as WAV files, a table of them with words and images, and recipes that learn them
/// in seconds.
struct AudioWorld {
    let folder: TemporaryFolder

    var data: String { folder.path + "/data" }
    func run(_ name: String = "run") -> String { folder.path + "/" + name }
    func sound(_ n: Int) -> String { "\(data)/sounds/\(Self.pitches[n % 4])_\(n).wav" }

    static let pitches = ["low", "mid", "high", "top"]

    init() throws {
        folder = TemporaryFolder()
        for name in ["sounds", "images"] {
            try FileManager.default.createDirectory(atPath: data + "/" + name, withIntermediateDirectories: true)
        }
        var rows = "recording\timage\ttitle\tpitch\n"
        for n in 0..<32 {
            let pitch = Self.pitches[n % 4]
            let frequencies: [Float] = [300, 600, 1200, 2400]
            let turn: Float = 2 * .pi * (frequencies[n % 4] + Float(n)) / 8000
            let samples = (0..<3200 + 40 * n).map { (place: Int) -> Float in 0.4 * sin(Float(place) * turn) }
            try Audio(samples, rate: 8000).write(wav: sound(n))
            // Every fourth thing has no image.
            let image = n % 8 < 2 ? "" : "images/\(n).jpg"
            if !image.isEmpty {
                try Image(width: 16, height: 16, Image.Color(UInt8(60 * (n % 4)), UInt8(n), 90)).write(
                    jpeg: data + "/" + image)
            }
            rows += "sounds/\(pitch)_\(n).wav\t\(image)\ta \(pitch) tone\t\(pitch)\n"
        }
        try rows.write(toFile: data + "/things.tsv", atomically: true, encoding: .utf8)
        let words = [
            "the red ball rolls down the hill", "a blue bird sings in the old tree", "seven ships sail over the sea",
        ]
        let lines = (0..<120).map { (line: Int) -> String in "\(words[line % 3]) and \(words[(line / 3) % 3])" }
        let text = lines.joined(separator: "\n")
        for file in ["train.txt", "test.txt"] {
            try text.write(toFile: data + "/" + file, atomically: true, encoding: .utf8)
        }
        for (name, yaml) in Self.recipes { try yaml.write(toFile: recipe(name), atomically: true, encoding: .utf8) }
    }

    func recipe(_ name: String) -> String { folder.path + "/" + name + ".yaml" }

    func train(_ recipe: String, _ run: String = "run", _ more: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.run(["train", self.recipe(recipe), "--data", data, "--out", self.run(run)] + more)
    }

    private static let encoder =
        """
            audio: {encoder: log_mel, mels: 16, window: 128, hop: 64, channels: [16, 16], kernels: [3, 3], strides: \
            [1, 2]}
            """

    static let recipes = [
        "three": """
        steps: 12
        batch: 8
        data:
          path: things.tsv
          columns: {image: image, text: title, audio: recording}
          labels: [pitch]
          split: {column: recording, modulo: 3}
        model:
          dimension: 16
          image: {depth: 18, width: 4, stem: cifar}
          text: {width: 16, depth: 1, heads: 2, context: 8}
          \(encoder)
        objective: {positives: equal_texts}
        views: {size: 16, crop: whole, audio: {rate: 8000, seconds: 0.4, gain: 3, noise: 20, shift: 0.1, polarity: \
        true}}
        checkpoint: {every: 4}
        """,
        "predictive": """
        steps: 8
        batch: 4
        data: {kind: files, path: sounds, pattern: "{pitch}_{number}.wav", columns: {audio: filepath}, group: pitch, \
        labels: [pitch], split: {column: number, modulo: 3}}
        model: {audio: {encoder: cpc, channels: [8, 8], kernels: [10, 8], strides: [5, 4], context: gru, hidden: 8}}
        objective: {name: predictive, horizon: 2, negatives: 8}
        views: {audio: {rate: 8000, seconds: 0.25}}
        checkpoint: {every: 3}
        """,
        "frames": """
        steps: 8
        batch: 4
        data: {kind: files, path: sounds, pattern: "{pitch}_{number}.wav", columns: {audio: filepath}, group: pitch, \
        labels: [pitch], split: {column: number, modulo: 3}}
        model: {audio: {encoder: log_mel, mels: 8, window: 128, hop: 64, channels: [], context: lstm, hidden: 8}}
        objective: {name: frames, ahead: 2}
        views: {audio: {rate: 8000, seconds: 0.25}}
        """,
        "masked": """
        steps: 12
        batch: 8
        data: {kind: text, path: train.txt, held_out: test.txt}
        model: {text: {width: 16, depth: 1, heads: 2, context: 16, dropout: 0.1}}
        objective: {name: masked}
        checkpoint: {every: 5}
        evaluate: {every: 6}
        """,
    ]
}
