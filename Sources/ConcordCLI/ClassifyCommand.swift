import ArgumentParser
import Concord
import ConcordThreadOptions

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Says which of some classes each image shows, or each recording is of, by sentences about them.",
        discussion: """
            Prints a line for each file and class: path, class and probability, separated by tabs; tabs, line ends and \
            backslashes in \
            a name are \\t, \\n, \\r and \\\\. Of a recording that is longer than the model's window, the mean over \
            its windows is \
            classified.

            Files that cannot be read are named on standard error and left out. The status is 0 if every file was \
            classified, 1 if any \
            was left out.

            --json prints {files: [{file, classes: [{name, probability}]}], left_out: [{file, reason}]}.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "The classes' names.") var classes: [String] = []
    @Option(help: "A UTF-8 text file of the classes' names, one a line, in place of --classes.") var classesFile:
        String?
    @Option(help: "Sentences with {} where the class goes; several are averaged.") var template: [String] = []
    @Option(parsing: .upToNextOption, help: "Images, or folders of images.") var images: [String] = []
    @Option(parsing: .upToNextOption, help: "Recordings, or folders of recordings.") var audio: [String] = []
    @Option(help: "The recipe's name of the input, where the model has several of that kind; by default the first.")
    var input: String?
    @Option(name: .customLong("top-k"), help: "How many classes to print for each file, likeliest first.") var count = 1
    @OptionGroup var limit: BadLimitOption
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard images.isEmpty != audio.isEmpty else { throw ValidationError("give --images or --audio, and not both") }
        guard classes.isEmpty != (classesFile == nil) else {
            throw ValidationError("give --classes or --classes-file, and not both")
        }
        guard count > 0 else { throw ValidationError("--top-k wants 1 or more, not \(count)") }
    }

    private struct Answers: Encodable {
        struct File: Encodable {
            let file: String
            let classes: [Class]
        }

        struct Class: Encodable {
            let name: String
            let probability: Float
        }

        let files: [File]
        let left_out: [LeftOut]
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let names = try classesFile.map { Array(try TextLines($0)) } ?? classes
        let listing = try images.isEmpty ? MediaFiles.list(audio, .audio) : MediaFiles.list(images, .image)
        let paths = listing.paths
        for note in run.notes(on: names) { warn(note) }
        listing.report()
        let progress = ItemProgress(total: paths.count, unit: "files")
        defer { progress.finish() }
        let ranking = try run.rankClasses(
            of: paths, images.isEmpty ? .audio : .image, input: input, classes: names,
            templates: template.isEmpty ? ["{}"] : template, count: count,
            badLimit: limit.badLimit, progress: progress.update)
        progress.finish()
        let rejected = listing.rejected + ranking.rejected, left = rejected.count
        try limit.check(rejected, of: listing.count)
        try show(ranking, rejected)
        if listing.count > 1 || left > 0 {
            let leftOut = left > 0 ? "; \(left) left out" : ""
            StandardError.line(
                "\(ranking.answers.count) of \(listing.count) files classified\(leftOut); \(progress.summary)")
        }
        if names.count == 1 { StandardError.line("there is one class: its probability is 1 for every file") }
        if left > 0 { throw ExitCode.failure }
    }

    private func show(_ ranking: ClassRanking, _ rejected: [Rejected]) throws {
        var output = StandardOutput()
        if json {
            let files = ranking.answers.map { answer in
                Answers.File(
                    file: answer.file,
                    classes: answer.classes.map { Answers.Class(name: $0.name, probability: $0.probability) })
            }
            try output.json(Answers(files: files, left_out: rejected.map(LeftOut.init)))
        } else {
            for answer in ranking.answers {
                for (name, probability) in answer.classes {
                    try output.line("\(answer.file.escapedField)\t\(name.escapedField)\t\(decimals(probability, 3))")
                }
            }
        }
        try output.finish()
    }
}
