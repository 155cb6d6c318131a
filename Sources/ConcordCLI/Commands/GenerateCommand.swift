import ArgumentParser
import Concord
import ConcordFiles
import ConcordThreadOptions

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Goes on with a text, word by word, by a model of next tokens.",
        discussion: "The run must have the objective next_token.")

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The text to go on from.") var text: String
    @Option(help: "How many tokens to add at most.") var tokens = 50
    @Option(help: "Divides the logits: below 1 likelier tokens, above 1 more surprising ones; 0 the likeliest one.")
    var temperature: Float = 1
    @Option(help: "Draw among the k likeliest tokens only.") var topK: Int?
    @Option(help: "Draw among the likeliest tokens whose probabilities add up to p only.") var topP: Float = 1
    @Option(help: "Equal seeds give equal texts.") var seed: UInt64 = 0
    @Flag(help: "One JSON object at the end.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard tokens > 0 else { throw ValidationError("--tokens wants 1 or more, not \(tokens)") }
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("--temperature wants 0 or more, not \(temperature)")
        }
        guard (topK ?? 1) > 0 else { throw ValidationError("--top-k wants 1 or more, not \(topK ?? 0)") }
        guard topP > 0, topP <= 1 else {
            throw ValidationError("--top-p wants a number above 0, at most 1, not \(topP)")
        }
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory), sampling = TokenSampling(temperature: temperature, topK: topK, topP: topP)
        for note in try run.notes(onPrompt: text) { StandardError.line("note: " + note) }
        var output = StandardOutput()
        guard !json else {
            let added = try run.generate(text, tokens: tokens, sampling: sampling, seed: seed)
            try output.line("{\"text\": \(JSONText.quoted(text)), \"generated\": \(JSONText.quoted(added))}")
            return try output.finish()
        }
        output.text(text)
        try output.finish()
        try run.generate(text, tokens: tokens, sampling: sampling, seed: seed) { words in
            output.text(words)
            try output.finish()
        }
        try output.line("")
        try output.finish()
    }
}
