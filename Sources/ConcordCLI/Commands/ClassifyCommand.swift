import ArgumentParser
import Concord
import ConcordThreadOptions

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Says of which class each image, recording or text is: by a trained head, or by sentences about classes.",
        discussion: """
            A run that was trained on the classes of a column (finetune) answers with those. Of another run name the \
            classes: their sentences are compared with the files.

              concord classify runs/photos-category --images new/*.jpg
              concord classify runs/section --text "a window manager" --top-k 3
              concord classify runs/clip --images new --classes cat dog --template "a photo of a {}"

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
    @Option(parsing: .upToNextOption, help: "Sentences, for a run that was trained on classes of texts.") var text: [String] = []
    @Option(help: "The recipe's name of the input, where the model has several of that kind; by default the first.")
    var input: String?
    @Option(name: .customLong("top-k"), help: "How many classes to print for each file, likeliest first.") var count = 1
    @OptionGroup var limit: BadLimitOption
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [images, audio, text].count(where: { !$0.isEmpty }) == 1 else {
            throw ValidationError("give --images, --audio or --text, and one of them alone")
        }
        guard classes.isEmpty || classesFile == nil else {
            throw ValidationError("give --classes or --classes-file, and not both")
        }
        guard text.isEmpty || classes.isEmpty && classesFile == nil else {
            throw ValidationError("--text is classified by a trained head alone; leave --classes out")
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
        if !text.isEmpty { return try show(run.rankClasses(ofTexts: text, count: count)) }
        let given = try classesFile.map { Array(try TextLines($0)) } ?? classes
        guard !given.isEmpty || run.classes != nil else {
            throw ValidationError(
                "Which classes? The run was trained on none of its own: give --classes or --classes-file.")
        }
        let listing = try images.isEmpty ? MediaFiles.list(audio, .audio) : MediaFiles.list(images, .image)
        let paths = listing.paths
        for note in run.notes(on: given) { warn(note) }
        listing.report()
        let progress = ItemProgress(total: paths.count, unit: "files")
        defer { progress.finish() }
        let kind = images.isEmpty ? Modality.audio : .image
        let ranking =
            try given.isEmpty
            ? run.rankClasses(of: paths, kind, count: count, badLimit: limit.badLimit, progress: progress.update)
            : run.rankClasses(
                of: paths, kind, input: input, classes: given, templates: template.isEmpty ? ["{}"] : template,
                count: count, badLimit: limit.badLimit, progress: progress.update)
        progress.finish()
        let rejected = listing.rejected + ranking.rejected, left = rejected.count
        try limit.check(rejected, of: listing.count)
        try show(ranking, rejected)
        if listing.count > 1 || left > 0 {
            let leftOut = left > 0 ? "; \(left) left out" : ""
            StandardError.line(
                "\(ranking.answers.count) of \(listing.count) files classified\(leftOut); \(progress.summary)")
        }
        if given.count == 1 { StandardError.line("there is one class: its probability is 1 for every file") }
        if left > 0 { throw ExitCode.failure }
    }

    /// Of texts, whose number says which it is.
    private func show(_ ranked: [[(name: String, probability: Float)]]) throws {
        var output = StandardOutput()
        if json {
            let files = zip(text, ranked).map { text, classes in
                Answers.File(file: text, classes: classes.map { Answers.Class(name: $0.name, probability: $0.probability) })
            }
            try output.json(Answers(files: files, left_out: []))
        } else {
            for (text, classes) in zip(text, ranked) {
                for (name, probability) in classes {
                    try output.line("\(text.escapedField)\t\(name.escapedField)\t\(decimals(probability, 3))")
                }
            }
        }
        try output.finish()
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
