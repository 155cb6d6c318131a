import ArgumentParser
import Concord

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Lists the items of an index nearest to a sentence, an image or a recording, with their cosine similarity.",
        discussion: """
            Prints a line for each item: similarity and name, separated by a tab; tabs, line ends and backslashes in a name are \\t, \
            \\n, \\r and \\\\. A part of a recording is printed with its place: night.wav [12.0 s to 14.0 s]. Of a recording to look for that \
            is longer than the model's window, the mean over its windows is looked for.

            An index made by other weights is refused: its embeddings cannot be compared with this run's.

            --json prints {index, query: {text, image or audio}, hits: [{name, similarity, start, end}]}; start and end, in seconds, are \
            there for parts of recordings.
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The index that `embed` wrote.") var index: String
    @Option(help: "A sentence to look for.") var text: String?
    @Option(help: "An image to look for.") var image: String?
    @Option(help: "A recording to look for.") var audio: String?
    @Option(name: .customShort("k"), help: "How many to list, at most.") var count = 10
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [text, image, audio].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("give one of --text, --image and --audio")
        }
        guard count > 0 else { throw ValidationError("-k wants 1 or more, not \(count)") }
    }

    private struct Answer: Encodable {
        struct Hit: Encodable {
            let name: String
            let similarity: Float
            let start, end: Double?
        }

        let index: String
        let query: [String: String]
        let hits: [Hit]
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index = try EmbeddingIndex(path: self.index)
        try index.requireMade(by: run)
        if index.source == nil {
            StandardError.line(
                "\(self.index): the index does not say which weights made it; if it was not this run, the answers mean nothing")
        }
        for note in run.notes(on: [text].compactMap { $0 }) { warn(note) }
        let query =
            if let text {
                try run.embed(texts: [text])
            } else if let image {
                try run.embed(images: [image])
            } else {
                try run.embed(audio: [audio].compactMap { $0 })
            }
        try show(try index.search(query, count: count))
    }

    private func show(_ hits: [EmbeddingIndex.Hit]) throws {
        var output = StandardOutput()
        if json {
            let asked = ["text": text, "image": image, "audio": audio].compactMapValues { $0 }
            let found = hits.map { hit in
                Answer.Hit(
                    name: hit.name, similarity: hit.similarity, start: hit.seconds?.lowerBound, end: hit.seconds?.upperBound)
            }
            try output.json(Answer(index: index, query: asked, hits: found))
        } else {
            for hit in hits {
                let place = hit.seconds.map { " [\(tenths($0.lowerBound)) s to \(tenths($0.upperBound)) s]" } ?? ""
                try output.line("\(decimals(hit.similarity, 4))\t\(hit.name.escapedField)\(place)")
            }
        }
        try output.finish()
    }

    private func tenths(_ seconds: Double) -> String { decimals(Float(seconds), 1) }
}
