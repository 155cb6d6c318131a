import ConcordLayers
import ConcordObjectives
import ConcordRecipes
import ConcordTensors
import ConcordTokenizers
import ConcordTraining
import Foundation
import Testing

@Suite struct KeyTests {
    private static let keys = Recipe.documentedKeys()

    private func documented(_ path: String) -> DocumentedKey? { Self.keys.first { $0.key.path == path } }

    @Test(arguments: Recipe.builtIn.map(\.name)) func theCommentedRecipeIsTheSameRecipe(name: String) throws {
        let recipe = try Recipe(named: name)
        let again = try Recipe(yaml: recipe.commentedYAML, source: "commented")
        #expect(again.yaml == recipe.yaml)
        #expect(
            recipe.commentedYAML.contains(
                "# Samples per step. (integer; 1 to 1048576; default 256)\nbatch: \(recipe.batch)\n"))
    }

    @Test(arguments: Recipe.builtIn.map(\.name)) func everyKeyOfABuiltInRecipeIsDocumented(name: String) throws {
        let recipe = try Recipe(named: name), own = recipe.data.inputs.map(\.name)
        for key in recipe.keys {
            // An input of a name of its own is documented as NAME.
            let parts = key.path.split(separator: ".").map(String.init)
            let isOwn = parts.count == 4 && parts[1] == "columns" && own.contains(parts[2])
            // So is its encoder under its kind.
            let kind = parts.count > 2 && parts[0] == "model" ? recipe.data.input(parts[1])?.kind.rawValue : nil
            let path =
                isOwn
                ? "data.columns.NAME.\(parts[3])"
                : kind.map { (["model", $0] + parts.dropFirst(2)).joined(separator: ".") } ?? key.path
            // A part's keys are those of its objective, and its weight.
            if key.path.hasPrefix("objective.parts.") {
                let own = parts.dropFirst(3).joined(separator: ".")
                let isOfThePart = own == "weight" || own == "weight_schedule"
                #expect(
                    documented(isOfThePart ? "objective.parts.NAME.weight" : "objective.\(own)") != nil, "\(key.path)")
                continue
            }
            // Keys below one that is turned off are documented, as data.split.modulo is.
            let isKnown = documented(path) != nil || Self.keys.contains { $0.key.path.hasPrefix(path + ".") }
            #expect(isKnown, "\(key.path)")
            #expect(key.meaning.hasSuffix(".") || key.meaning.contains(":"), "\(key.path): \(key.meaning)")
        }
    }

    @Test func aKeyNamesTheChoicesThatItDependsOn() {
        #expect(documented("model.audio.mels")?.conditions.contains("model.audio.encoder is log_mel") ?? false)
        #expect(documented("model.audio.heads")?.conditions.contains("model.audio.context is transformer") ?? false)
        #expect(documented("data.template")?.conditions == ["data.kind is folder"])
        #expect(documented("epochs")?.conditions == ["steps is not given"])
        #expect(documented("batch")?.conditions == [])
        #expect(
            documented("data.held_out") != nil && documented("objective.masked.weight") != nil
                && documented("schedule.floor") != nil)
    }

    @Test func aDefaultThatDependsOnAChoiceIsNamedWithIt() {
        let rate = documented("optimizer.learning_rate")
        #expect(rate?.key.defaultValue == "0.001")
        #expect(
            rate?.otherDefaults.map(\.value) == ["0.1", "0.3", "0.002", "0.0001"]
                && rate?.otherDefaults.map(\.condition)
                    == ["sgd", "lars", "lamb", "lion"].map { "optimizer.name is \($0)" })
    }

    @Test(arguments: [
        ("batch=0", "override batch=0: 0 is out of range: 1 to 1048576"),
        (
            "batch=99999999999999999999",
            "override batch=99999999999999999999: 99999999999999999999 is out of range: 1 to 1048576"
        ),
        ("batch=1e3", "override batch=1e3: a whole number wanted, \"1e3\" found"),
        (
            "optimizer={learning_rate: -1}",
            "override optimizer={learning_rate: -1}: optimizer.learning_rate: -1 is out of range: 0 or more"
        ),
        ("data.separator=,", "override data.separator=,: \",\" is none of tab, comma, semicolon, pipe"),
        ("data.separator=|", "override data.separator=|: \"|\" is none of tab, comma, semicolon, pipe"),
        ("=1", "override =1: key=value wanted, as in optimizer.learning_rate=3e-4"),
        ("batch", "override batch: key=value wanted, as in optimizer.learning_rate=3e-4"),
        ("a..b=1", "override a..b=1: key=value wanted, as in optimizer.learning_rate=3e-4"),
    ])
    func aFaultOfAnOverrideNamesTheOverride(override: String, message: String) {
        let error = #expect(throws: RecipeError.self) { try Recipe(named: "pairs", overrides: [override]) }
        #expect(error?.description == message)
    }

    @Test func theFileIsNamedWhereTheOverrideIsNotAtFault() {
        let error = #expect(throws: RecipeError.self) {
            try Recipe(yaml: "seed: 1\nbatch: 0", source: "r.yaml", overrides: ["seed=2"])
        }
        #expect(error?.description == "r.yaml:2: batch: 0 is out of range: 1 to 1048576")
    }

    @Test(arguments: [
        "{digit}_{speaker}.wav", "{name}", "a, b", "| x", "#1.wav", "*.wav", "a: b", "x # y", "[a", "&a", "100%",
    ])
    func aTextInAnOverrideNeedsNoQuotes(text: String) throws {
        let recipe = try Recipe(named: "digits-cpc", overrides: ["data.pattern=\(text)"])
        #expect(recipe.data.pattern == text)
        #expect(try Recipe(yaml: recipe.yaml, source: "resolved").data.pattern == text)
    }

    @Test func quotesAroundATextInAnOverrideAreYAMLs() throws {
        #expect(try Recipe(named: "digits-cpc", overrides: ["data.pattern=\"{a}.wav\""]).data.pattern == "{a}.wav")
    }

    @Test(arguments: ["none", "null", "false", "{}", "~", "off"]) func theSplitCanBeTurnedOff(word: String) throws {
        let recipe = try Recipe(named: "pairs", overrides: ["data.split=\(word)"])
        #expect(recipe.data.split == nil)
        #expect(try Recipe(yaml: recipe.yaml, source: "resolved").data.split == nil)
        #expect(try Recipe(yaml: "data: {split: \(word)}", source: "r").data.split == nil)
        #expect(try Recipe(named: "pairs").data.split?.modulo == 8)
    }

    @Test func aFolderOfSoundsHasASentenceAboutSounds() throws {
        #expect(try Recipe(yaml: "data: {kind: folder}", source: "r").data.template == "a photo of a {}")
        #expect(
            try Recipe(yaml: "data: {kind: folder, columns: {audio: filepath}}", source: "r").data.template
                == "the sound of {}")
    }

    @Test func aTransformerContextTakesHeadsThatDivideItsChannels() throws {
        func audio(_ more: String) throws -> WaveformSettings? {
            let yaml =
                """
                data: {kind: files}\nobjective: {name: predictive}\nmodel: {audio: {channels: [200], kernels: [4], \
                strides: [2], context: transformer\(more)}}
                """
            return (try Recipe(yaml: yaml, source: "r").model.encoder() as LogMelRecipe?)?.convolutions
        }
        #expect(try audio("")?.heads == 2)
        #expect(try audio(", heads: 5")?.heads == 5)
        let error = #expect(throws: RecipeError.self) { try audio(", heads: 3") }
        #expect(error?.description == "r:3: model.audio.heads: 200 channels are no multiple of 3 heads")
    }

    @Test func sizesThatCannotFitAreRefusedByKeyBeforeAnythingIsAllocated() throws {
        let recipe = try Recipe(named: "pairs", overrides: ["views.size=4096", "batch=4096"])
        let error = #expect(throws: RecipeError.self) {
            try RecipeModel(recipe, vocabulary: Self.words.vocabulary, memory: 0x1p34)
        }
        #expect(
            error?.description.hasPrefix("model.image.width: the recipe needs at least ") ?? false,
            "\(error?.description ?? "")")
    }

    private static let words = WordPieceTokenizer.english()

    @Test(arguments: [
        "data: {kind: text}\nobjective: {name: masked}",
        "data: {kind: text}\nobjective: {name: masked}\nmodel: {text: {width: 1024, depth: 1}}",
        "data: {kind: text}\nobjective: {name: masked}\nmodel: {text: {width: 64, depth: 2}}",
    ])
    func anUntrainedMaskedLossIsNearTheLogOfTheVocabulary(yaml: String) throws {
        try expectChance(Recipe(yaml: yaml, source: "r"))
    }

    @Test(arguments: ["wikitext-mlm", "emoji-hybrid"])
    func anUntrainedMaskedLossOfABuiltInRecipeIsNearTheLogOfTheVocabulary(name: String) throws {
        try expectChance(Recipe(named: name))
    }

    private func expectChance(_ recipe: Recipe) throws {
        let model = try RecipeModel(recipe, vocabulary: Self.words.vocabulary)
        let masked = try #require(model.masked)
        let texts = (0..<16).map {
            "the red ball number \($0) rolls down the hill and a blue bird sings in the old tree"
        }
        let loss = masked(Self.words.encode(texts, length: recipe.model.encoder(TransformerRecipe.self)?.context ?? 32))
            .total.scalars[0]
        let chance = log(Float(Self.words.vocabulary.size))
        #expect(abs(loss - chance) < 0.4, "\(loss) against ln V = \(chance)")
    }

    @Test func theWarmUpIsAFractionOfTheRunByDefault() throws {
        let schedule = try Recipe(yaml: "epochs: 1", source: "r").makeSchedule(updatesPerEpoch: 100)
        #expect(schedule.factor(at: 0) == 0.2 && schedule.factor(at: 4) == 1 && schedule.factor(at: 99) < 0.001)
        #expect(try Recipe(yaml: "schedule: {warmup: 0.5}", source: "r").schedule.warmUp == .fraction(0.5))
        let both = #expect(throws: RecipeError.self) {
            try Recipe(yaml: "schedule: {warmup: 0.5, warmup_steps: 3}", source: "r")
        }
        #expect(both?.description.contains("warmup or warmup_steps, not both") ?? false)
    }

    @Test(arguments: ["cosine", "linear"]) func theLearningRateDecaysToItsFloor(name: String) throws {
        let recipe = try Recipe(yaml: "steps: 100\nschedule: {name: \(name), warmup: 0.1, floor: 0.25}", source: "r")
        let schedule = recipe.makeSchedule(updatesPerEpoch: 10)
        #expect(schedule.factor(at: 10) == 1 && schedule.factor(at: 100) == 0.25)
        #expect(abs(schedule.factor(at: 55) - 0.625) < 1e-12)
    }

    @Test(arguments: ["warmup_epochs: 1e9", "warmup_steps: 1000000000000", "warmup: 1"])
    func aWarmUpLongerThanTheRunIsSaid(key: String) throws {
        for name in ["cosine", "linear", "constant"] {
            let recipe = try Recipe(yaml: "epochs: 1000000000\nschedule: {name: \(name), \(key)}", source: "r")
            #expect(recipe.makeSchedule(updatesPerEpoch: 1_000_000).factor(at: 0) > 0)
        }
        let short = try Recipe(yaml: "steps: 20\nschedule: {\(key)}", source: "r")
        #expect(short.scheduleWarning(updatesPerEpoch: 5)?.contains("the run has 20") ?? false)
        #expect(try Recipe(yaml: "steps: 20", source: "r").scheduleWarning(updatesPerEpoch: 5) == nil)
    }
}
