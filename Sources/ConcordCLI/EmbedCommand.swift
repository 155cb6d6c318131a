import ArgumentParser
import Concord

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Writes the embeddings of pictures or texts to an index that `search` reads.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "Pictures, or folders of pictures.") var images: [String] = []
    @Option(parsing: .upToNextOption, help: "Text files, one text a line.") var texts: [String] = []
    @Option(help: "The index to write: safetensors with the unit embeddings [N, D] and the items' names.") var out: String
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard images.isEmpty != texts.isEmpty else { throw ValidationError("give --images or --texts, and not both") }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index: EmbeddingIndex
        if images.isEmpty {
            index = try run.index(texts: texts.flatMap { Array(try TextLines($0)) })
        } else {
            index = try run.index(images: PictureFiles.list(images))
        }
        try index.write(to: out)
        print("\(index.names.count) embeddings of \(index.embeddings.shape[1]) in \(out)")
    }
}
