import ConcordRecipes
import Testing

@Suite struct RecipeTests {
    @Test(arguments: Recipe.builtIn.map(\.name)) func aBuiltInRecipeReadsAndResolvesToItself(name: String) throws {
        let recipe = try Recipe(named: name)
        let again = try Recipe(yaml: recipe.yaml, source: "resolved")
        #expect(again.yaml == recipe.yaml)
        #expect(
            again.batch == recipe.batch && again.length == recipe.length
                && again.views.image?.size == recipe.views.image?.size)
    }

    @Test func theEmojiRecipeIsTheOneOfThePyTorchProgram() throws {
        let recipe = try Recipe(named: "emoji-clip")
        #expect(recipe.length == .epochs(30) && recipe.batch == 256 && recipe.model.dimension == 256)
        #expect(recipe.optimizer.learningRate == 1e-3 && recipe.optimizer.weightDecay == 0.1)
        #expect(
            recipe.schedule.warmUp == .epochs(2) && recipe.views.image?.size == 64 && recipe.views.image?.resize == 72)
        #expect(recipe.data.split?.modulo == 8 && recipe.model.encoder(TransformerRecipe.self)?.context == 16)
    }

    @Test func stepsInAnOverrideTakeThePlaceOfEpochs() throws {
        #expect(try Recipe(named: "emoji-clip", overrides: ["steps=40"]).length == .steps(40))
        #expect(try Recipe(named: "wikitext-mlm", overrides: ["epochs=2"]).length == .epochs(2))
    }

    @Test func theSpokenDigitsAreSplitAndNamedByTheirFiles() throws {
        let recipe = try Recipe(named: "digits-audio-text")
        #expect(
            recipe.data.split?.values == ["0", "1", "2", "3", "4"]
                && recipe.data.pattern == "{digit}_{speaker}_{take}.wav")
        #expect(
            recipe.data.rename["digit"]?["7"] == "seven" && recipe.data.columns == [.audio: "filepath", .text: "digit"])
        #expect(try Recipe(yaml: recipe.yaml, source: "resolved").data.rename == recipe.data.rename)
    }

    @Test func theCPCRecipeIsTheOneOfThePyTorchProgram() throws {
        let recipe = try Recipe(named: "digits-cpc")
        #expect(
            recipe.batch == 32 && recipe.length == .epochs(20) && recipe.views.audio?.length == 10240
                && recipe.data.group == "speaker")
        let audio = try #require(recipe.model.encoder(CPCEncoderRecipe.self)).convolutions
        #expect(audio.kernels == [10, 8, 4, 4, 4] && audio.strides == [5, 4, 2, 2, 2])
        guard let objective = recipe.objective.recipe as? PredictiveRecipe else {
            Issue.record("\(recipe.objective)")
            return
        }
        #expect(objective.horizon == 6 && objective.negatives == 128 && objective.temperature == 0.1)
        #expect(recipe.optimizer.weightDecay == 0 && recipe.tokenizer.isEmpty && recipe.model.encoder(TransformerRecipe.self) == nil)
    }

    @Test func aMicrobatchIsThereWhereItIsAskedFor() throws {
        #expect(try Recipe(named: "pairs").microbatch == nil)
        let recipe = try Recipe(named: "pairs", overrides: ["microbatch=16", "model.image.norm=group"])
        #expect(recipe.microbatch == 16)
        #expect(try Recipe(yaml: recipe.yaml, source: "resolved").microbatch == 16)
    }

    @Test func microbatchesUnderBatchNormalizationAreRefusedUnlessAccepted() throws {
        let error = #expect(throws: RecipeError.self) { try Recipe(named: "pairs", overrides: ["microbatch=16"]) }
        #expect(error?.description.contains("model.image.norm: batch would normalize") == true)
        let sound = "data: {kind: files, columns: {audio: filepath, text: word}}\nbatch: 8\nmicrobatch: 4"
        let other = #expect(throws: RecipeError.self) { try Recipe(yaml: sound, source: "sound") }
        #expect(other?.description.contains("model.audio.norm: group is exact") == true)
        #expect(try Recipe(yaml: sound + "\nmodel: {audio: {norm: group}}", source: "sound").microbatch == 4)
        let accepted = ["microbatch=16", "microbatch_statistics=per_microbatch"]
        #expect(try Recipe(named: "pairs", overrides: accepted).yaml.contains("microbatch_statistics: per_microbatch"))
        // As large as the batch, a microbatch is the batch.
        #expect(try Recipe(named: "pairs", overrides: ["microbatch=128"]).microbatch == 128)
    }

    @Test func checkpointingIsAKeyOfATower() throws {
        let recipe = try Recipe(named: "pairs", overrides: ["model.text.checkpointing=true"])
        #expect(recipe.model.encoder(TransformerRecipe.self)?.checkpointing == true)
        #expect(recipe.model.encoder(ResNetRecipe.self)?.checkpointing == false)
    }

    @Test func anOverrideReplacesOneKey() throws {
        let recipe = try Recipe(
            named: "pairs", overrides: ["optimizer.learning_rate=3e-4", "data.columns.text=caption"])
        #expect(recipe.optimizer.learningRate == 3e-4)
        #expect(recipe.data.columns[.text] == "caption" && recipe.data.columns[.image] == "filepath")
        #expect(recipe.yaml.contains("learning_rate: 0.0003"))
    }

    @Test(arguments: [
        ("batch: 0", "batch"), ("microbatch: 0", "microbatch"), ("microbatsh: 4", "\"microbatch\""),
        ("epochs: 3\nsteps: 4", "not both"),
        ("data: {kind: tabel}", "\"table\""),
        ("model: {text: {heads: 3}}", "heads"),
        ("batch: 8\nbatch: 9", "twice"), ("batch: {a: 1}", "one value"), ("optimizer: {betas: [0.9]}", "2 numbers"),
        ("- a", "keys and values"),
        ("views: {flip: maybe}", "true or false"), ("seeds: 1", "\"seed\""), ("optimizer: {clip: -1}", "range"),
        ("objective: {name: predictive}", "audio"), ("data: {columns: {audio: sound}}", "data.columns"),
        ("model: {audio: {width: 3}}", "no audio"),
        (
            "data: {kind: files, columns: {audio: filepath, text: word}}\nmodel: {audio: {kernels: [3]}}",
            "as many of each"
        ),
        ("data: {kind: files, columns: {audio: filepath, text: word}}\nviews: {audio: {rates: 8000}}", "\"rate\""),
        ("objective: {name: contrastive, anchor: audio}", "audio"),
        ("data: {split: {values: [a], modulo: 3}}", "not both"),
        (
            "data: {kind: files, columns: {audio: filepath, text: word}}\nmodel: {audio: {strides: [1, 0, 2]}}",
            "whole numbers"
        ),
    ])
    func aFaultNamesItsKey(yaml: String, word: String) {
        let error = #expect(throws: RecipeError.self) { try Recipe(yaml: yaml, source: "r.yaml") }
        #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("r.yaml") ?? false)
        #expect(!(error?.description.contains("\n") ?? true))
    }

    @Test func anUnknownRecipeListsTheKnownOnes() {
        let error = #expect(throws: RecipeError.self) { try Recipe(named: "emoji-clap") }
        #expect(error?.description.contains("emoji-clip") ?? false)
    }

    @Test func anEmptyFileIsTheDefaults() throws { #expect(try Recipe(yaml: "", source: "empty").batch == 256) }
}
