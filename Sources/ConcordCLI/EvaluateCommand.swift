import ArgumentParser
import Concord
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Retrieval, zero-shot, k-NN and linear probe of a run, whichever the data allow.",
        discussion: "On the samples that the recipe's split holds out; on all where it has none.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(help: "Sentences for zero-shot, with {} where the class goes.") var template: [String] = []
    @Flag(help: "Print one JSON object instead of a table.") var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        for note in try run.notes(onHeldOutTextsIn: data) { warn(note) }
        let report = try run.evaluate(data: data, templates: template.isEmpty ? nil : template)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.table)
        }
    }
}
