import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Objectives over frames of sound, on melodies whose next tone follows from the one before: each learns them, resumes
/// bit for bit, and embeds.
@Suite(.serialized) struct MaskedAudioTests {
    private let folder = TemporaryFolder()

    /// 16 recordings of half a second: tones of 50 ms, up the scale by one step or by two, by the class.
    private func write() throws {
        try FileManager.default.createDirectory(atPath: folder.file("sounds"), withIntermediateDirectories: true)
        for n in 0..<16 {
            let samples = (0..<2000).map { i -> Float in
                let tone = (n / 2 + i / 200 * (1 + n % 2)) % 5
                return Float(sin(2 * Double.pi * Double(200 + 300 * tone) * Double(i) / 4000)) * 0.5
            }
            try Audio(samples, rate: 4000).write(wav: folder.file("sounds/\(n % 2)_\(n).wav"))
        }
    }

    private static let yaml = """
        steps: 60
        batch: 8
        data: {kind: files, path: sounds, pattern: "{step}_{take}.wav", columns: {audio: filepath}, labels: [step], \
        split: none}
        views: {audio: {rate: 4000, seconds: 0.5}}
        optimizer: {learning_rate: 2e-3}
        schedule: {name: constant, warmup_steps: 4}
        checkpoint: {every: 20}
        """
    private static let samples = """
        model: {audio: {encoder: cpc, channels: [16, 24, 24], kernels: [10, 8, 4], strides: [5, 4, 4], context: \
        transformer, layers: 2, heads: 2, positions: convolution, position_kernel: 8, norm_placement: post}}
        """
    private static let wav2vec2 = """
        objective: {name: wav2vec2, mask_length: 3, negatives: 9, codes: 8, dimension: 16, penalty: 0, \
        feature_gradient: 1, code_temperature_decay: 0.98, diversity: 1}
        """

    private func train(_ name: String, _ method: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(name, "\(method)\n\(Self.yaml)", overrides, resumed: resumed)
    }

    private func mean(_ key: String, _ run: String, last count: Int = 10) throws -> Double {
        try folder.logged(key, run).suffix(count).reduce(0, +) / Double(count)
    }

    @Test func wav2vec2FindsMaskedFrames() throws {
        try write()
        try train("run", "\(Self.wav2vec2)\n\(Self.samples)", ["steps=100", "optimizer.learning_rate=4e-3"])
        let (loss, accuracy) = (try mean("contrastive", "run"), try mean("accuracy", "run"))
        #expect(loss < 1.5 && accuracy > 0.5, "loss \(loss), accuracy \(accuracy)")  // ln 10 is 2.303
        #expect(try mean("perplexity", "run") > 12)  // of 2 groups of 8
        #expect(try Run(folder.file("run")).embed(audio: [folder.file("sounds/0_0.wav")]).shape == [1, 24])
    }

    @Test func withoutDiversityTheMeterShowsThatCodesCollapse() throws {
        try write()
        let method = "\(Self.wav2vec2)\n\(Self.samples)", keys = ["objective.codes=32", "optimizer.learning_rate=4e-3"]
        try train("with", method, keys)
        try train("without", method, keys + ["objective.diversity=0"])
        let (with, without) = (try mean("perplexity", "with"), try mean("perplexity", "without"))
        #expect(without < 22 && with > 50, "\(with) with, \(without) without, of 64 codes")
    }

    @Test func wav2vec2ResumedIsTheSameBits() throws {
        try write()
        let method = "\(Self.wav2vec2)\n\(Self.samples)"
        try train("whole", method, ["steps=8"])
        try train("parts", method, ["steps=4"])
        try train("parts", method, ["steps=8"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
        #expect(try folder.logged("temperature", "whole") == folder.logged("temperature", "parts"))
    }

    // MARK: - The others

    struct Method: Sendable, CustomTestStringConvertible {
        let name: String, yaml: String
        /// A number of the log, and what its last ten values are below on average.
        let key: String, bound: Double
        let size: Int
        var overrides: [String] = []
        var testDescription: String { name }
    }

    private static let hubert = """
        objective: {name: hubert, clusters: 6, mask_length: 3, dimension: 16, penalty: 0, feature_gradient: 1}
        """
    private static let hubertKeys = ["steps=120", "optimizer.learning_rate=5e-3"]
    /// Frames alone, 8 ms apart.
    private static func frames(_ context: String) -> String {
        "model: {audio: {mels: 16, window: 128, hop: 32, channels: [], kernels: [], strides: [], \(context)}}"
    }
    private static let melodies = "model: {audio: {encoder: cpc, channels: [16, 24, 24], kernels: [10, 8, 4], "
        + "strides: [5, 4, 4], context: gru, hidden: 24}}"

    static let methods = [
        // ln 6 is 1.79.
        Method(
            name: "hubert", yaml: "\(hubert)\n\(samples)", key: "masked", bound: 0.8, size: 24,
            overrides: hubertKeys),
        Method(
            name: "tera",
            yaml: "objective: {name: tera, mask_length: 4}\n\(frames("context: transformer, hidden: 32, layers: 2"))",
            key: "loss", bound: 0.55, size: 32),
        Method(
            name: "mockingjay",
            yaml: "objective: {name: tera, band_fraction: 0, mask_length: 4}\n"
                + frames("context: transformer, hidden: 32, layers: 2, norm_placement: post"),
            key: "loss", bound: 0.55, size: 32),
        Method(
            name: "apc", yaml: "objective: {name: apc, ahead: 5}\n\(frames("context: gru, hidden: 32, layers: 2"))",
            key: "loss", bound: 0.5, size: 32),
        // ln 17 is 2.83.
        Method(
            name: "cpc by GRUs",
            yaml: "objective: {name: predictive, horizon: 3, negatives: 16, predictor: gru}\n\(melodies)",
            key: "loss", bound: 2, size: 24),
        Method(
            name: "cpc by transformers",
            yaml: "objective: {name: predictive, horizon: 3, negatives: 16, predictor: transformer}\n\(melodies)",
            key: "loss", bound: 2, size: 24),
        Method(
            name: "cpc within groups",
            yaml: "objective: {name: predictive, horizon: 3, negatives: 16, negatives_from: group}\n\(melodies)",
            key: "loss", bound: 2, size: 24, overrides: ["data.group=step"]),
    ]

    @Test(arguments: methods) func itLearnsResumesAndEmbeds(method: Method) throws {
        try write()
        try train("run", method.yaml, method.overrides)
        let values = try folder.logged(method.key, "run"), last = values.suffix(10).reduce(0, +) / 10
        #expect(last < method.bound, "\(last): \(values)")
        #expect(try Run(folder.file("run")).embed(audio: [folder.file("sounds/0_0.wav")]).shape == [1, method.size])
        try train("parts", method.yaml, method.overrides + ["steps=20"])
        let steps = method.overrides.first { $0.hasPrefix("steps") } ?? "steps=60"
        try train("parts", method.yaml, [steps], resumed: true)
        #expect(try Run(folder.file("run")).fingerprint == Run(folder.file("parts")).fingerprint)
    }

    @Test func aLaterIterationLearnsTheClustersOfARunsFrames() throws {
        try write()
        try train("first", "\(Self.hubert)\n\(Self.samples)", Self.hubertKeys)
        try train(
            "second", "\(Self.hubert)\n\(Self.samples)",
            Self.hubertKeys + ["objective.teacher=first", "objective.teacher_size=24"])
        let loss = try mean("masked", "second")
        #expect(loss < 1, "\(loss)")
        // The second run is a run by itself.
        try FileManager.default.removeItem(atPath: folder.file("first"))
        #expect(try Run(folder.file("second")).embed(audio: [folder.file("sounds/0_0.wav")]).shape == [1, 24])
    }

    @Test func aTeacherOfAnotherSizeIsRefused() throws {
        try write()
        try train("first", "\(Self.hubert)\n\(Self.samples)", ["steps=2"])
        let error = #expect(throws: RecipeError.self) {
            try train(
                "second", "\(Self.hubert)\n\(Self.samples)", ["objective.teacher=first", "objective.teacher_size=7"])
        }
        #expect(
            error?.description
                == "objective.teacher_size: the teacher's frames have 24 numbers, not 7; set it to 24",
            "\(error?.description ?? "")")
    }
}
