import ArgumentParser
import Concord
import ConcordThreadOptions

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains what a recipe says on your data.",
        discussion: """
            RECIPE is a YAML file or a built-in recipe: \(Recipe.builtIn.map(\.name).joined(separator: ", ")).

            --init takes over the tensors that this recipe's model has with the same name and shape, and names the \
            others. Weights that were \
            trained with another tokenizer are refused: take over other parts alone (--init-only 'image.*'), or give \
            --init-any-tokenizer.

            --resume refuses another recipe, another tokenizer and other data than the run was started with. Of a \
            table it compares the rows' \
            texts and file names, and the files' sizes (of up to 4096 rows); of texts the files' names and sizes, and \
            their tokens.

            --estimate measures some steps and evaluations, in half a minute as a rule, and says what the run will \
            take in time and memory. Nothing is written. Each line of a run's metrics.jsonl, and its cost.json, have \
            what was taken in the end.
            """)

    @Argument(help: "A recipe file, or the name of a built-in recipe; with --resume it may be left out.") var recipe:
        String?
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(help: "The run directory to make; by default runs/RECIPE.") var out: String?
    @Option(
        name: .customLong("set"),
        help:
            """
            key=value: overrides one key of the recipe, such as optimizer.learning_rate=3e-4. --resume keeps those \
            of the start.
            """
    )
    var overrides: [String] = []
    @Flag(help: "Go on with the run in --out from its last checkpoint; with --set epochs=60, to that length.")
    var resume = false
    @Option(name: .customLong("init"), help: "A run directory or safetensors file whose weights to start from.")
    var initial: String?
    @Option(
        name: .customLong("init-only"),
        help: ArgumentHelp(
            "Takes over only tensors whose names match: image.*; may be given several times.", valueName: "pattern"))
    var initialPatterns: [String] = []
    @Flag(
        name: .customLong("init-any-tokenizer"),
        help: "Takes over the text encoder even if it was trained with another tokenizer.")
    var takesOtherTokenizer = false
    @Flag(help: "Measure some steps and print what the run will take in time and memory; nothing is written.")
    var estimate = false
    @Flag(help: "Print the run's directory and its evaluation, or the estimate, as one JSON object.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard initial != "" else {
            throw ValidationError("--init is empty; give a run directory or a safetensors file")
        }
        guard initial != nil || (initialPatterns.isEmpty && !takesOtherTokenizer) else {
            throw ValidationError("--init-only and --init-any-tokenizer want --init")
        }
        guard !estimate || (!resume && out == nil) else {
            throw ValidationError("--estimate writes no run: leave --resume and --out out")
        }
        if recipe == nil, !resume {
            throw ValidationError("Which recipe? Give RECIPE, a YAML file or a built-in recipe's name.")
        }
    }

    func run() throws {
        threads.apply()
        Ranks.shareProcessors(threads)
        let initial = initial.map {
            InitialWeights($0, only: initialPatterns.map { PathPattern($0) }, takesOtherTokenizer: takesOtherTokenizer)
        }
        if estimate {
            guard Ranks.shared.isAlone else {
                throw ValidationError("--estimate measures one process; start it without mpirun")
            }
            let found = try Recipe(named: recipe ?? "", overrides: overrides).estimate(data: data, initial: initial)
            return print(json ? found.json : CostText.text(of: found))
        }
        guard let directory = out ?? recipe.map({ "runs/" + RunDirectory.name(ofRecipe: $0) }) else {
            throw ValidationError("Which run? Give --out, the run directory to resume.")
        }
        let outcome: TrainingEnd
        do {
            var output = TrainingOutput(json: json)
            outcome = try TrainingSession(
                recipe: recipe, overrides: overrides, data: data, directory: directory, isResumed: resume,
                initial: initial, ranks: Ranks.shared
            ).run(progress: output.progress) { output.show($0) }
            try output.finish(run: directory)
        } catch {
            RunDirectory.discardUnstarted()
            throw error
        }
        if case .interrupted(let signal) = outcome { throw ExitCode(128 + signal) }
    }
}
