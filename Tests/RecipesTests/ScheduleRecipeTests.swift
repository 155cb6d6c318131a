import ConcordDatasets
import ConcordRecipes
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Settings that change over a run, and balanced parts of a sum, from recipes.
@Suite(.serialized) struct ScheduleRecipeTests {
    private let folder = TemporaryFolder()

    private static let yaml = """
        steps: 20
        batch: 12
        data: {path: rows.tsv, columns: {a: {kind: text, column: a}, b: {kind: text, column: b}}, split: none}
        model: {dimension: 16, text: {width: 16, depth: 1, heads: 2, context: 8}}
        optimizer: {learning_rate: 3e-3}
        checkpoint: {every: 10}
        """

    private func write() throws {
        var rows = "a\tb\n"
        for n in 0..<48 {
            let words = ["red", "green", "blue", "cat", "dog", "cow"]
            rows += "\(words[n % 6]) \(words[n / 6 % 6]) \(n)\t\(words[n / 6 % 6]) and \(n)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    /// Trains, resumes from the checkpoint of step 10, and compares.
    private func train(_ objective: String) throws {
        try write()
        try folder.train("run", "objective: \(objective)\n\(Self.yaml)")
        let whole = try Run(folder.file("run")).fingerprint, checkpoints = folder.file("run/checkpoints")
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints) where name.contains("00000020") {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + name)
        }
        #expect(try Run(folder.file("run")).fingerprint != whole)
        try folder.train("run", "", resumed: true)
        #expect(try Run(folder.file("run")).fingerprint == whole)
    }

    @Test func theWeightOfMaskedWordsFollowsItsSchedule() throws {
        try train("{name: contrastive, masked: {weight: 0.4, weight_schedule: {from: 0, until: 0.5}}}")
        let weights = try folder.logged("masked_language_model.weight", "run")
        #expect(weights.count == 20)
        for (step, weight) in weights.enumerated() {
            #expect(abs(weight - min(0.4, 0.04 * Double(step))) < 1e-5, "step \(step): \(weight)")
        }
    }

    @Test func balancedMaskedWordsAreLoggedAndResumed() throws {
        try train("{name: contrastive, masked: {weight: 0.5}, balance: true}")
        let weights = try folder.logged("masked_language_model.weight", "run")
        #expect(weights.count == 20 && Set(weights).count > 10 && weights.allSatisfy { $0 > 0 }, "\(weights)")
    }

    @Test func aTemperatureFollowsItsSchedule() throws {
        try train("{name: contrastive, temperature: 0.2, learned: false, temperature_schedule: {to: 0.1}}")
        let scales = try folder.logged("logit_scale", "run")
        #expect(scales.count == 20)
        for (step, scale) in scales.enumerated() {
            #expect(abs(1 / scale - (0.2 - 0.1 * Double(step) / 20)) < 1e-5, "step \(step): \(scale)")
        }
    }

    @Test(arguments: [
        ("{name: contrastive, temperature_schedule: {to: 0.1}}", "temperature_schedule: a learned temperature"),
        ("{name: contrastive, masked: {weight_schedule: {until: 0}}}", "weight_schedule.until: 0 is out of range"),
        ("{name: contrastive, masked: {weight_schedule: {form: steps}}}", "weight_schedule.form: \"steps\" is none of"),
    ])
    func aScheduleThatCannotBeIsRefused(objective: String, message: String) {
        let error = #expect(throws: RecipeError.self) {
            try Recipe(yaml: "objective: \(objective)\n\(Self.yaml)", source: "r")
        }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }
}
