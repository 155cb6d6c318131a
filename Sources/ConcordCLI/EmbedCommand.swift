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
                try run.index(texts: lines(of: texts, for: run))
            }
        try index.write(to: out)
        print("\(index.names.count) embeddings of \(index.embeddings.shape[1]) in \(out)")
    }

    /// The lines of text files, with a note of what the tokenizer does not know, what is cut and what is left out.
    private func lines(of paths: [String], for run: Run) throws -> [String] {
        var texts: [String] = []
        for path in paths {
            let lines = try TextLines(path)
            if lines.blankCount > 0 { warn("\(path): \(lines.blankCount) blank line\(lines.blankCount == 1 ? "" : "s") left out") }
            if let first = lines.repairedLines.first {
                warn("\(path):\(first): not UTF-8; \(lines.repairedCount) lines have U+FFFD in place of what is broken")
            }
            texts += lines
        }
        for note in run.notes(on: texts) { warn(note) }
        return texts
    }
}
