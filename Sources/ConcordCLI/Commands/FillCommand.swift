import ArgumentParser
import Concord
import ConcordFiles
import ConcordThreadOptions
import ConcordTokenizers

struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract:
            """
            Predicts masked words: the likeliest tokens for each [MASK] (or <mask>) of a text, with their \
            probability.
            """,
        discussion: "The run must have a masked objective, alone or beside another.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Argument(help: "Texts with mask tokens.") var texts: [String]
    @Option(name: .customShort("k"), help: "How many tokens to list for each mask token.") var count = 5
    @Flag(help: "One JSON object a text.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard count > 0 else { throw ValidationError("-k wants 1 or more, not \(count)") }
        guard !texts.isEmpty else { throw ValidationError("give a text, such as \"the [MASK] sat\"") }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        for text in texts {
            let masks = try run.fill(text, count: count)
            guard !json else {
                let lists = masks.map { fillings in
                    let objects = fillings.map {
                        """
                        {\"token\": \(JSONText.quoted($0.token)), \"id\": \($0.id), \"probability\": \
                        \($0.probability)}
                        """
                    }
                    return "[\(objects.joined(separator: ", "))]"
                }
                print("{\"text\": \(JSONText.quoted(text)), \"masks\": [\(lists.joined(separator: ", "))]}")
                continue
            }
            for (place, fillings) in masks.enumerated() {
                for filling in fillings {
                    print(
                        (masks.count > 1 ? "\(place + 1)\t" : "")
                            + "\(decimals(filling.probability, 4))\t\(filling.token)")
                }
            }
        }
    }
}
