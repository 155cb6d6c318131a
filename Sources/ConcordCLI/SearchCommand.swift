import ArgumentParser
import Concord

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Lists the items of an index nearest to a sentence or a picture, with their cosine similarity.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The index that `embed` wrote.") var index: String
    @Option(help: "A sentence to look for.") var text: String?
    @Option(help: "A picture to look for.") var image: String?
    @Option(name: .customShort("k"), help: "How many to list.") var count = 10
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard (text == nil) != (image == nil) else { throw ValidationError("give --text or --image, and not both") }
        guard count > 0 else { throw ValidationError("-k wants 1 or more, not \(count)") }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index = try EmbeddingIndex(path: self.index)
        let query = try text.map { try run.embed(texts: [$0]) } ?? run.embed(images: [image ?? ""])
        for hit in try index.search(query, count: count) { print("\(decimals(hit.similarity, 4))\t\(hit.name)") }
    }
}
