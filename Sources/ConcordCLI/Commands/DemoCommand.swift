import ArgumentParser
import Concord
import ConcordDemo
import ConcordThreadOptions

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Makes a small world of images and captions, trains two towers on it, evaluates them and searches.",
        discussion: "A few minutes on two cores. The run that it leaves serves evaluate, embed, search and classify.")

    @Option(help: "Where to put the data, the run and the contact sheet.") var out = "runs/demo"
    @Option(name: .customLong("set"), help: "key=value: overrides one key of the demo's recipe.") var overrides:
        [String] = []
    @Flag(help: "Print the run's directory, its evaluation and the answers as one JSON object.") var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let outcome: TrainingEnd
        do {
            let demo = Demo(directory: out, overrides: overrides)
            var output = TrainingOutput(json: json)
            outcome = try demo.run(progress: output.progress) { output.show($0) }
            try output.finish(run: demo.runDirectory)
        } catch {
            RunDirectory.discardUnstarted()
            throw error
        }
        if case .interrupted(let signal) = outcome { throw ExitCode(128 + signal) }
    }
}
