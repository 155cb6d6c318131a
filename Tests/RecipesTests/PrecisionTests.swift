import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The recipe's key `precision`, and what a run makes of it.
struct PrecisionTests {
    private let folder = TemporaryFolder()

    private static let yaml = """
        steps: 8
        batch: 12
        data: {path: rows.tsv, columns: {a: {kind: text, column: a}, b: {kind: text, column: b}}, split: none}
        model: {dimension: 16, text: {width: 16, depth: 1, heads: 2, context: 8, dropout: 0.1}}
        optimizer: {learning_rate: 3e-3}
        schedule: {name: constant, warmup_steps: 2}
        checkpoint: {every: 4}
        """

    init() throws {
        var rows = "a\tb\n"
        for n in 0..<48 {
            let words = ["red", "green", "blue", "cat", "dog", "cow"]
            rows += "\(words[n % 6]) \(words[n / 6 % 6]) \(n)\t\(words[n / 6 % 6]) and \(n)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
        try Self.yaml.write(toFile: folder.file("recipe.yaml"), atomically: true, encoding: .utf8)
    }

    /// Trains or resumes, and returns what the run says of its precision.
    private func train(
        _ name: String, recipe: String? = "recipe.yaml", _ overrides: String..., resumed: Bool = false
    ) throws -> RunPrecision {
        var precision: RunPrecision?
        try TrainingSession(
            recipe: recipe.map { folder.file($0) }, overrides: overrides, data: folder.file(""),
            directory: folder.file(name), isResumed: resumed
        ).run(progress: .silent, catchesSignals: false) { event in
            if case .start(let start) = event { precision = start.precision }
        }
        return try #require(precision)
    }

    private func recorded(_ name: String) throws -> [Substring] {
        try String(contentsOfFile: folder.file("\(name)/recipe.yaml"), encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("precision") }
    }

    private func fingerprint(_ name: String) throws -> String { "\(try Run(folder.file(name)).fingerprint)" }

    @Test func itIsDecodedAndAutoWithoutIt() throws {
        #expect(try Recipe(yaml: "", source: "r").precision == .auto)
        for setting in PrecisionSetting.allCases {
            let recipe = try Recipe(yaml: "precision: \(setting.rawValue)", source: "r")
            #expect(recipe.precision == setting && recipe.yaml.contains("precision: \(setting.rawValue)\n"))
        }
        #expect(PrecisionSetting.float32.resolved == .float32 && PrecisionSetting.bfloat16.resolved == .bfloat16)
        let error = #expect(throws: RecipeError.self) { try Recipe(yaml: "precision: float16", source: "r") }
        #expect(error?.description.contains("none of auto, float32, bfloat16") == true)
    }

    @Test func autoIsBFloat16WhereItIsNative() {
        #expect(Precision.preference(hasInstructions: true) == (.bfloat16, "native here"))
        #expect(Precision.preference(hasInstructions: false) == (.float32, "no native bfloat16"))
        #expect(Precision.preference(hasInstructions: true, gain: 1.7).precision == .bfloat16)
        #expect(Precision.preference(hasInstructions: true, gain: 0.9) == (.float32, "measured to be faster here"))
        #expect(PrecisionSetting.auto.resolved == (Processor.hasBFloat16 ? .bfloat16 : .float32))
    }

    @Test func aRunRecordsWhatAutoBecameAndIsResumedToTheSameBits() throws {
        let whole = try train("whole")
        #expect(whole.recorded == .fastest && whole.computed == .fastest)
        #expect(whole.description == "\(Precision.fastest) (auto: \(Precision.reasonForFastest))")
        #expect(try recorded("whole") == ["precision: \(Precision.fastest)"])
        // Nothing else of the recipe changes.
        let resolved = try Recipe(yaml: Self.yaml, source: "r", overrides: ["precision=\(Precision.fastest)"])
        #expect(try String(contentsOfFile: folder.file("whole/recipe.yaml"), encoding: .utf8) == resolved.yaml)
        _ = try train("parts", "steps=4")
        let resumed = try train("parts", recipe: nil, "steps=8", resumed: true)
        #expect(resumed.description == "\(Precision.fastest) (as the run was started)")
        #expect(try recorded("parts") == ["precision: \(Precision.fastest)"])
        #expect(try fingerprint("parts") == fingerprint("whole"))
        #expect(try folder.logged("loss", "parts") == folder.logged("loss", "whole"))
    }

    /// As where a run goes on on another processor: its recipe says auto still, the run does not.
    @Test(arguments: [PrecisionSetting.float32, .bfloat16])
    func autoOfAResumedRunIsThatOfItsStart(setting: PrecisionSetting) throws {
        let given = "precision=\(setting.rawValue)"
        #expect(try train("whole", given).reason == "as the recipe says")
        _ = try train("parts", given, "steps=4")
        #expect(try train("parts", "precision=auto", "steps=6", resumed: true).recorded == setting.resolved)
        let last = try train("parts", recipe: nil, "steps=8", "precision=auto", resumed: true)
        #expect(last.recorded == setting.resolved)
        #expect(try recorded("parts").last == "precision: \(setting.rawValue)")
        #expect(try fingerprint("parts") == fingerprint("whole"))
        let other = setting == .float32 ? "bfloat16" : "float32"
        let error = #expect(throws: RecipeError.self) {
            try train("parts", recipe: nil, "precision=\(other)", resumed: true)
        }
        let message = "\"precision: \(setting.rawValue)\", the recipe now says \"precision: \(other)\""
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func aRunOfBeforeThereWasAPrecisionStaysInFloat32() throws {
        _ = try train("whole", "precision=float32")
        _ = try train("old", "precision=float32", "steps=4")
        let file = folder.file("old/recipe.yaml")
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        try lines.filter { !$0.contains("precision") }.joined(separator: "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        #expect(try train("old", recipe: nil, "steps=8", resumed: true).recorded == .float32)
        #expect(try recorded("old") == ["precision: float32"])
        #expect(try fingerprint("old") == fingerprint("whole"))
    }

    @Test func fineTuningChoosesItsOwn() throws {
        let rows = (0..<48).map { "\($0 % 3) \($0)\t\($0 % 3)\tkind \($0 % 3)\n" }
        try ("a\tb\tkind\n" + rows.joined()).write(
            toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
        _ = try train("run", "precision=float32", "steps=1")
        var tuning = FineTuning(of: try Run(folder.file("run")), label: "kind")
        #expect(try tuning.recipe(data: folder.file("")).precision == .auto)
        tuning.overrides = ["precision=bfloat16"]
        #expect(try tuning.recipe(data: folder.file("")).precision == .bfloat16)
    }
}
