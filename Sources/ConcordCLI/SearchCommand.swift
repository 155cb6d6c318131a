import ArgumentParser
import Concord

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Lists the items of an index nearest to a sentence, a picture or a sound, with their cosine similarity.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The index that `embed` wrote.") var index: String
    @Option(help: "A sentence to look for.") var text: String?
    @Option(help: "A picture to look for.") var image: String?
    @Option(help: "A sound to look for.") var audio: String?
    @Option(name: .customShort("k"), help: "How many to list.") var count = 10
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [text, image, audio].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("give one of --text, --image and --audio")
        }
        guard count > 0 else { throw ValidationError("-k wants 1 or more, not \(count)") }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index = try EmbeddingIndex(path: self.index)
        for note in run.notes(on: [text].compactMap { $0 }) { warn(note) }
        let query =
            if let text {
                try run.embed(texts: [text])
            } else if let image {
                try run.embed(images: [image])
            } else {
                try run.embed(audio: [audio].compactMap { $0 })
            }
        for hit in try index.search(query, count: count) { print("\(decimals(hit.similarity, 4))\t\(hit.name)") }
    }
}
