import ArgumentParser
import Concord
import ConcordThreadOptions

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract:
            "Lists the items of an index nearest to sentences, images, recordings, videos or ids, with their cosine similarity.",
        discussion: """
            Prints a line for each item: similarity and name, separated by a tab; tabs, line ends and backslashes in a \
            name are \\t, \
            \\n, \\r and \\\\. A part of a recording is printed with its place: night.wav [12.0 s to 14.0 s]. Of a \
            recording to look \
            for that is longer than the model's window, the mean over its windows is looked for.

            Of several queries the answers come in groups, an empty line between two, each under the query: "text: a \
            red bicycle". \
            A query file that cannot be read is named on standard error and left out, and the status is 1.

              concord search RUN --index shop.safetensors --text "a red bicycle" "a blue door"
              concord search RUN --index shop.safetensors --image photos/*.jpg
              concord search RUN --index shop.safetensors --texts queries.txt          one text a line; - is standard \
            input
              concord search RUN --index items.safetensors --input user --id 4711

            An index made by other weights is refused: its embeddings cannot be compared with this run's.

            --json prints {index, query: {text, image, audio or id}, hits: [{name, similarity, start, end}]}, for several \
            queries or --texts \
            {index, answers: [{query, hits}], left_out: [{file, reason}]}; start and end, in seconds, are there for \
            parts of recordings.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The index that `embed` wrote.") var index: String
    @Option(parsing: .upToNextOption, help: "Sentences to look for.") var text: [String] = []
    @Option(parsing: .upToNextOption, help: "UTF-8 text files of sentences, one a line; - is standard input.")
    var texts: [String] = []
    @Option(parsing: .upToNextOption, help: "Images to look for.") var image: [String] = []
    @Option(parsing: .upToNextOption, help: "Recordings to look for.") var audio: [String] = []
    @Option(parsing: .upToNextOption, help: "Videos to look for, folders of frames each.") var video: [String] = []
    @Option(parsing: .upToNextOption, help: "Ids to look for.") var id: [String] = []
    @Option(
        help: "The recipe's name of the input, where the model has several of the query's kind; by default the first.")
    var input: String?
    @Option(name: .customShort("k"), help: "How many to list for each query, at most.") var count = 10
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [text, texts, image, audio, video, id].contains(where: { !$0.isEmpty }) else {
            throw ValidationError("give something to look for: --text, --texts, --image, --audio, --video or --id")
        }
        guard count > 0 else { throw ValidationError("-k wants 1 or more, not \(count)") }
    }

    private struct Answer: Encodable {
        struct Hit: Encodable {
            let name: String
            let similarity: Float
            let start, end: Double?
        }

        /// Nil inside `Answers`, which has it once.
        var index: String?
        let query: [String: String]
        let hits: [Hit]
    }

    private struct Answers: Encodable {
        let index: String
        let answers: [Answer]
        let left_out: [LeftOut]
    }

    /// A query with the kind that it was given as.
    private struct Query {
        let kind: Modality
        let value: String
        let hits: [EmbeddingIndex.Hit]
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index = try EmbeddingIndex(path: self.index)
        try index.requireMade(by: run)
        if index.source == nil {
            StandardError.line(
                """
                \(self.index): the index does not say which weights made it; if it was not this run, the answers \
                mean nothing
                """
            )
        }
        let sentences = try text + TextLines.all(in: texts)
        for note in run.notes(on: sentences) { warn(note) }
        var queries: [Query] = [], rejected: [Rejected] = []
        func add(_ kind: Modality, _ found: EmbeddingIndex) throws {
            let hits = try index.search(each: found, count: count)
            queries += zip(found.names, hits).map { Query(kind: kind, value: $0, hits: $1) }
            rejected += found.rejected
        }
        let isSingle = texts.isEmpty && text.count + image.count + audio.count + video.count + id.count == 1
        if !sentences.isEmpty { try add(.text, run.index(texts: sentences, input: input)) }
        if !image.isEmpty { try add(.image, run.index(images: image, input: input)) }
        if !audio.isEmpty { try add(.audio, run.index(audio: audio, input: input, windows: .averaged)) }
        if !video.isEmpty { try add(.video, run.index(videos: video, input: input)) }
        if !id.isEmpty { try add(.id, run.index(ids: id, input: input)) }
        for file in rejected { StandardError.line("left out: \(file.name): \(file.reason)") }
        try show(queries, rejected, isSingle: isSingle)
        if !rejected.isEmpty { throw ExitCode.failure }
    }

    private func show(_ queries: [Query], _ rejected: [Rejected], isSingle: Bool) throws {
        var output = StandardOutput()
        if json {
            let answers = queries.map { query in
                let hits = query.hits.map { hit in
                    Answer.Hit(
                        name: hit.name, similarity: hit.similarity, start: hit.seconds?.lowerBound,
                        end: hit.seconds?.upperBound)
                }
                return Answer(index: isSingle ? index : nil, query: [query.kind.rawValue: query.value], hits: hits)
            }
            if isSingle, let answer = answers.first {
                try output.json(answer)
            } else {
                try output.json(Answers(index: index, answers: answers, left_out: rejected.map(LeftOut.init)))
            }
        } else {
            for (place, query) in queries.enumerated() {
                if place > 0 { try output.line("") }
                if !isSingle { try output.line("\(query.kind.rawValue): \(query.value.escapedField)") }
                for hit in query.hits {
                    let seconds =
                        hit.seconds.map { " [\(tenths($0.lowerBound)) s to \(tenths($0.upperBound)) s]" } ?? ""
                    try output.line("\(decimals(hit.similarity, 4))\t\(hit.name.escapedField)\(seconds)")
                }
            }
        }
        try output.finish()
    }

    private func tenths(_ seconds: Double) -> String { decimals(Float(seconds), 1) }
}
