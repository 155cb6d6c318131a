import ArgumentParser
import Concord

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify", abstract: "Says which of some classes each picture shows, or each sound is of, by sentences about them.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "The classes' names.") var classes: [String]
    @Option(help: "Sentences with {} where the class goes; several are averaged.") var template: [String] = []
    @Option(parsing: .upToNextOption, help: "Pictures, or folders of pictures.") var images: [String] = []
    @Option(parsing: .upToNextOption, help: "Sounds, or folders of sounds.") var audio: [String] = []
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard images.isEmpty != audio.isEmpty else { throw ValidationError("give --images or --audio, and not both") }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let templates = template.isEmpty ? ["{}"] : template
        let paths = try images.isEmpty ? MediaFiles.list(audio, .audio).paths : MediaFiles.list(images, .image).paths
        for note in run.notes(on: classes) { warn(note) }
        let answers =
            try images.isEmpty
            ? run.classify(audio: paths, classes: classes, templates: templates)
            : run.classify(images: paths, classes: classes, templates: templates)
        for (path, answer) in zip(paths, answers) {
            print("\(path)\t\(answer.name)\t\(decimals(answer.probability, 3))")
        }
    }
}
