import ConcordRecipes
import Testing

@Suite struct RecipeTests {
    @Test(arguments: Recipe.builtIn.map(\.name)) func aBuiltInRecipeReadsAndResolvesToItself(name: String) throws {
        let recipe = try Recipe(named: name)
        let again = try Recipe(yaml: recipe.yaml, source: "resolved")
        #expect(again.yaml == recipe.yaml)
        #expect(again.batch == recipe.batch && again.length == recipe.length && again.views.size == recipe.views.size)
    }

    @Test func theEmojiRecipeIsTheOneOfThePyTorchProgram() throws {
        let recipe = try Recipe(named: "emoji-clip")
        #expect(recipe.length == .epochs(30) && recipe.batch == 256 && recipe.model.dimension == 256)
        #expect(recipe.optimizer.learningRate == 1e-3 && recipe.optimizer.weightDecay == 0.1)
        #expect(recipe.schedule.warmUp == .epochs(2) && recipe.views.size == 64 && recipe.views.resize == 72)
        #expect(recipe.data.split?.modulo == 8 && recipe.model.text.context == 16)
    }

    @Test func anOverrideReplacesOneKey() throws {
        let recipe = try Recipe(named: "pairs", overrides: ["optimizer.learning_rate=3e-4", "data.columns.text=caption"])
        #expect(recipe.optimizer.learningRate == 3e-4)
        #expect(recipe.data.textColumn == "caption" && recipe.data.imageColumn == "filepath")
        #expect(recipe.yaml.contains("learning_rate: 0.0003"))
    }

    @Test(arguments: [
        ("batch: 0", "batch"), ("epochs: 3\nsteps: 4", "not both"), ("data: {kind: tabel}", "\"table\""),
        ("model: {text: {heads: 3}}", "heads"),
        ("batch: 8\nbatch: 9", "twice"), ("batch: {a: 1}", "one value"), ("optimizer: {betas: [0.9]}", "two numbers"),
        ("- a", "keys and values"),
        ("views: {flip: maybe}", "true or false"), ("seeds: 1", "\"seed\""), ("optimizer: {clip: -1}", "range"),
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
