import ArgumentParser
import Concord

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Writes the embeddings of pictures, sounds or texts to an index that `search` reads.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "Pictures, or folders of pictures.") var images: [String] = []
    @Option(parsing: .upToNextOption, help: "Sounds, or folders of sounds.") var audio: [String] = []
    @Option(parsing: .upToNextOption, help: "Text files, one text a line.") var texts: [String] = []
    @Option(help: "The index to write: safetensors with the unit embeddings [N, D] and the items' names.") var out: String
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard [images, audio, texts].count(where: { !$0.isEmpty }) == 1 else {
            throw ValidationError("give one of --images, --audio and --texts")
        }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let index =
            if !images.isEmpty {
                try run.index(images: MediaFiles.list(images, .image).paths)
            } else if !audio.isEmpty {
                try run.index(audio: MediaFiles.list(audio, .audio).paths)
            } else {
                try run.index(texts: texts.flatMap { Array(try TextLines($0)) })
            }
        try index.write(to: out)
        print("\(index.names.count) embeddings of \(index.embeddings.shape[1]) in \(out)")
    }
}
