import ArgumentParser
import Concord
import ConcordThreadOptions

/// The options of measurements.
struct BenchOptions: ParsableArguments {
    @Option(help: "Timed runs after the untimed ones.") var repeats = 7
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if repeats < 1 { throw ValidationError("--repeats must be 1 or more, not \(repeats)") }
    }

    func apply() { threads.apply() }
}
