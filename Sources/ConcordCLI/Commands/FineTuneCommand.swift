import ArgumentParser
import Concord
import ConcordThreadOptions

struct FineTuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Trains a run's encoder, with a head on it, for the classes or the numbers of a column.",
        discussion: """
            What comes out is a run: classify, evaluate and embed know it.

              concord finetune runs/photos --data photos --label category                      all labels
              concord finetune runs/photos --data photos --label category --per-class 10       ten a class
              concord finetune runs/photos --data photos --label category --fraction 0.01 --draw 3
              concord finetune runs/photos --data photos --label category --from-scratch       to compare with
              concord finetune runs/photos --data photos --target price                        numbers
              concord finetune --resume --out runs/photos-category --data photos               after a stop

            Early stopping (--patience) keeps a tenth of the labeled rows to judge by; the held-out rows are never used \
            to choose anything.
            """)

    @Argument(help: ArgumentHelp("The run to start from; with --resume it is left out.", valueName: "run"))
    var directory: String?
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(help: "The column of the classes to learn.") var label: String?
    @Option(help: "The column of the numbers to learn, in place of --label.") var target: String?
    @Option(help: "The run directory to make; by default RUN-COLUMN.") var out: String?
    @Option(help: "The run's input that is judged; by default its first of files, else its first.") var input: String?
    @Flag(help: "Train the head alone, and leave the encoder as it is.") var frozen = false
    @Option(help: "Each layer's learning rate as a fraction of that of the layer behind it: 0.65 to 0.9.")
    var layerDecay: Double?
    @Option(help: "Train on this fraction of each class's rows.") var fraction: Double?
    @Option(help: "Train on so many rows of each class.") var perClass: Int?
    @Option(help: "Which of the possible draws of these rows.") var draw = 0
    @Flag(help: "Start from initial weights in place of the run's, to compare with.") var fromScratch = false
    @Option(help: "End when so many evaluations in a row, one an epoch, brought nothing better; 0: never.")
    var patience = 0
    @Option(name: .customLong("set"), help: "key=value: overrides one key of the recipe, such as epochs=50.")
    var overrides: [String] = []
    @Flag(help: "Go on with the run in --out from its last checkpoint.") var resume = false
    @Flag(help: "Print the recipe, and train nothing.") var recipe = false
    @Flag(help: "Print the run's directory and its evaluation as one JSON object.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if resume {
            guard out != nil else { throw ValidationError("Which run? Give --out, the run directory to resume.") }
            guard directory == nil, label == nil, target == nil else {
                throw ValidationError("--resume keeps what the run was started with; give --out and --data alone")
            }
            return
        }
        guard directory != nil else { throw ValidationError("Which run? Give RUN, the run directory to start from.") }
        guard (label == nil) != (target == nil) else {
            throw ValidationError("give --label or --target: the column of the classes, or of the numbers")
        }
        guard fraction == nil || perClass == nil else { throw ValidationError("give --fraction or --per-class, not both") }
        if let fraction, !(fraction > 0 && fraction <= 1) {
            throw ValidationError("--fraction wants a number above 0 and up to 1, not \(fraction)")
        }
        if let perClass, perClass < 1 { throw ValidationError("--per-class wants 1 or more, not \(perClass)") }
        guard draw >= 0 else { throw ValidationError("--draw wants 0 or more, not \(draw)") }
        guard patience >= 0 else { throw ValidationError("--patience wants 0 or more, not \(patience)") }
        guard !frozen || layerDecay == nil else { throw ValidationError("give --frozen or --layer-decay, not both") }
        guard !frozen || !fromScratch else {
            throw ValidationError("--frozen --from-scratch would train a head on an untrained encoder; give one of them")
        }
        if let layerDecay, !(layerDecay > 0 && layerDecay <= 1) {
            throw ValidationError("--layer-decay wants a number above 0 and up to 1, not \(layerDecay)")
        }
    }

    func run() throws {
        threads.apply()
        Ranks.shareProcessors(threads)
        let outcome: TrainingEnd
        do {
            let (session, directory) = try session()
            guard let session else { return }
            var output = TrainingOutput(json: json)
            outcome = try session.run(progress: output.progress) { output.show($0) }
            try output.finish(run: directory)
        } catch {
            RunDirectory.discardUnstarted()
            throw error
        }
        if case .interrupted(let signal) = outcome { throw ExitCode(128 + signal) }
    }

    /// No session where the recipe is all that was asked for.
    private func session() throws -> (TrainingSession?, directory: String) {
        if let out, resume {
            return (
                try TrainingSession(
                    recipe: nil, overrides: overrides, data: data, directory: out, isResumed: true, ranks: Ranks.shared),
                out
            )
        }
        let run = try Run(directory ?? "")
        var tuning = label.map { FineTuning(of: run, label: $0) } ?? FineTuning(of: run, target: target ?? "")
        if frozen { tuning.encoder = .frozen }
        if let layerDecay { tuning.encoder = .layerDecay(layerDecay) }
        tuning.subset = fraction.map { .fraction($0) } ?? perClass.map { .perClass($0) }
        (tuning.input, tuning.draw, tuning.isFromScratch) = (input, draw, fromScratch)
        (tuning.patience, tuning.overrides) = (patience, overrides)
        if recipe {
            print(try tuning.recipe(data: data).commentedYAML)
            return (nil, "")
        }
        let path = out ?? "\(RunDirectory(directory ?? "").path)-\(label ?? target ?? "")"
        return (try tuning.session(data: data, directory: path, ranks: Ranks.shared), path)
    }
}
