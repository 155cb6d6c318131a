import ArgumentParser
import Concord

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains what a recipe says on your data.",
        discussion: "RECIPE is a YAML file or a built-in recipe: \(Recipe.builtIn.map(\.name).joined(separator: ", ")).")

    @Argument(help: "A recipe file, or the name of a built-in recipe.") var recipe: String
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(help: "The run directory to make; by default runs/RECIPE.") var out: String?
    @Option(name: .customLong("set"), help: "key=value: overrides one key of the recipe, such as optimizer.learning_rate=3e-4.")
    var overrides: [String] = []
    @Flag(help: "Go on with the run in --out from its last checkpoint.") var resume = false
    @Option(name: .customLong("init"), help: "A run directory or safetensors file whose weights to start from.") var initial: String?
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let directory = out ?? "runs/" + RunDirectory.name(ofRecipe: recipe)
        let outcome: TrainingEnd
        do {
            outcome = try TrainingSession(
                recipe: recipe, overrides: overrides, data: data, directory: directory, isResumed: resume, initial: initial
            ).run()
        } catch {
            RunDirectory.discardUnstarted()
            throw error
        }
        if case .interrupted(let signal) = outcome { throw ExitCode(128 + signal) }
    }
}
