import ArgumentParser
import Concord
import ConcordFiles
import ConcordThreadOptions
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Retrieval, zero-shot, k-NN and linear probe of a run, whichever the data allow.",
        discussion: """
            On the rows that the recipe holds out (data.split or data.held_out). A table that is not the one trained \
            on is evaluated whole. \
            The first line says how many rows were evaluated and how they were chosen.

            Retrieval is per item: a file that several rows name is one query and one candidate, and so is a text that \
            several rows \
            have. Right answers are all items that share a row with the query; a query is found at K if one of them is \
            among the first \
            K candidates, and candidates of equal similarity share the credit.

              concord evaluate runs/shop --data shop                                     the held-out rows
              concord evaluate runs/shop --data shop --set data.held_out=test.tsv        a table of its own
              concord evaluate runs/shop --data shop --all                               every row
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(help: "Sentences for zero-shot, with {} where the class goes.") var template: [String] = []
    @Option(
        name: .customLong("set"),
        help:
            "key=value: overrides one key of the recipe's data, views, loader or batch, such as data.held_out=test.tsv."
    )
    var overrides: [String] = []
    @Flag(help: "Evaluate every row of data.path, held out or not.") var all = false
    @Flag(help: "Print one JSON object instead of a table.") var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        for note in try run.notes(onHeldOutTextsIn: data, overrides: overrides, isOfAllRows: all) { warn(note) }
        let report = try run.evaluate(
            data: data, templates: template.isEmpty ? nil : template, overrides: overrides, isOfAllRows: all)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(PathEncoding.readable(String(decoding: try encoder.encode(report), as: UTF8.self), backslash: "\\\\"))
        } else {
            print(PathEncoding.readable(report.table))
        }
    }
}
