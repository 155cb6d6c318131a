import ArgumentParser
import Concord

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify", abstract: "Says which of some classes each picture shows, by sentences about them.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(parsing: .upToNextOption, help: "The classes' names.") var classes: [String]
    @Option(help: "Sentences with {} where the class goes; several are averaged.") var template: [String] = []
    @Option(parsing: .upToNextOption, help: "Pictures, or folders of pictures.") var images: [String]
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        let paths = try PictureFiles.list(images)
        let templates = template.isEmpty ? ["{}"] : template
        let answers = try run.classify(images: paths, classes: classes, templates: templates)
        for (path, answer) in zip(paths, answers) {
            print("\(path)\t\(answer.name)\t\(decimals(answer.probability, 3))")
        }
    }
}
