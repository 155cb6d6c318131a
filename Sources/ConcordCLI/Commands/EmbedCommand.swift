import ArgumentParser
import Concord
import ConcordFiles
import ConcordThreadOptions

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Writes the embeddings of images, recordings, videos, texts or ids to an index that `search` reads.",
        discussion: """
            A recording that is longer than the model's window (views.audio.seconds; ten seconds for a predictive \
            recipe) gets an \
            embedding for each window, with its start and end; the last window ends where the recording ends. \
            --per-file gives it \
            one embedding instead, the mean over its windows.

            A video is a folder of frames; its embedding is the mean over its clips (views.frames).

            Files that cannot be read are named on standard error and left out; the index holds all the others. The \
            status is 0 if \
            every file was embedded, 1 if any was left out.

            --json prints {index, dimension, embeddings, given, embedded, left_out: [{file, reason}], \
            weights_fingerprint}.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "Images, or folders of images.") var images: [String] = []
    @Option(parsing: .upToNextOption, help: "Recordings, or folders of recordings.") var audio: [String] = []
    @Option(parsing: .upToNextOption, help: "Videos, folders of frames each, or folders of such folders.")
    var videos: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: "UTF-8 text files, one text a line; - is standard input. Empty lines are skipped.") var texts: [String] =
            []
    @Flag(help: "All ids that the model has a row for, of --input.") var ids = false
    @Option(help: "The recipe's name of the input, where the model has several of that kind; by default the first.")
    var input: String?
    @Option(help: "The index to write: safetensors with the unit embeddings [N, D] and the items' names.") var out:
        String
    @Option(help: ArgumentHelp("Length of a window of --audio.", valueName: "seconds")) var windows: Double?
    @Option(
        help: ArgumentHelp(
            "Time from a window's start to the next one's; by default the window's length.", valueName: "seconds"))
    var hop: Double?
    @Flag(help: "One embedding for each recording: the mean over its windows.") var perFile = false
    @OptionGroup var limit: BadLimitOption
    @Flag(help: "Print the totals as JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [images, audio, videos, texts].count(where: { !$0.isEmpty }) + (ids ? 1 : 0) == 1 else {
            throw ValidationError("give one of --images, --audio, --videos, --texts and --ids")
        }
        guard !out.isEmpty else { throw ValidationError("--out is empty; give the file to write") }
        guard windows == nil && hop == nil && !perFile || !audio.isEmpty else {
            throw ValidationError("--windows, --hop and --per-file are for --audio")
        }
        guard !perFile || (windows == nil && hop == nil) else {
            throw ValidationError("--per-file takes the model's own windows: give it, or --windows and --hop")
        }
    }

    private struct Totals: Encodable {
        let index: String
        let dimension, embeddings, given, embedded: Int
        let left_out: [LeftOut]
        let weights_fingerprint: String
    }

    func run() throws {
        threads.apply()
        Ranks.shareProcessors(threads)
        let isFirst = Ranks.shared.rank == 0
        let run = try Run(directory, ranks: Ranks.shared)
        let named = [(images, Modality.image), (audio, .audio), (videos, .video)].first { !$0.0.isEmpty }
        let listing = try named.map { try MediaFiles.list($0.0, $0.1) }
        let files = listing?.paths
        try OutputPath.requireDistinct(out, from: (files ?? texts) + (listing?.rejected.map(\.name) ?? []) + run.files)
        if isFirst { listing?.report() }
        let sentences = try texts.isEmpty ? [] : TextLines.all(in: texts)
        if isFirst { for note in run.notes(on: sentences) { warn(note) } }
        let names = try ids ? run.ids(of: input).ids : []
        let given = listing?.count ?? sentences.count + names.count
        let unit = ids ? "ids" : files == nil ? "texts" : "files"
        let progress = ItemProgress(total: files?.count ?? given, unit: unit, isShown: isFirst)
        defer { progress.finish() }
        var index =
            if let files, !audio.isEmpty {
                try run.index(
                    audio: files, input: input, windows: perFile ? .averaged : .separate(seconds: windows, hop: hop),
                    badLimit: limit.badLimit, progress: progress.update)
            } else if let files, !videos.isEmpty {
                try run.index(videos: files, input: input, badLimit: limit.badLimit, progress: progress.update)
            } else if let files {
                try run.index(images: files, input: input, badLimit: limit.badLimit, progress: progress.update)
            } else if ids {
                try run.index(ids: names, input: input)
            } else {
                try run.index(texts: sentences, input: input, progress: progress.update)
            }
        index.leaveOut(listing?.rejected ?? [])
        try limit.check(index.rejected, of: given)
        if isFirst { try index.write(to: out) }
        progress.finish()
        if isFirst { try report(index, given: given, unit: unit, run.fingerprint, time: progress.summary) }
        if !index.rejected.isEmpty { throw ExitCode.failure }
    }

    private func report(_ index: EmbeddingIndex, given: Int, unit: String, _ fingerprint: String, time: String) throws {
        var output = StandardOutput()
        let rows = index.names.count, dimension = index.embeddings.shape[1], embedded = given - index.rejected.count
        if json {
            try output.json(
                Totals(
                    index: out, dimension: dimension, embeddings: rows, given: given, embedded: embedded,
                    left_out: index.rejected.map(LeftOut.init), weights_fingerprint: fingerprint))
        } else {
            try output.line("\(rows) embeddings of \(dimension) in \(out)")
            let leftOut = index.rejected.isEmpty ? "" : "; \(index.rejected.count) left out"
            try output.line("\(embedded) of \(given) \(unit) embedded\(leftOut); \(time)")
        }
        try output.finish()
    }
}
