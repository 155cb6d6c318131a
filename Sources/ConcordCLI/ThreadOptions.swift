import ArgumentParser
import Concord

struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute with; by default OMP_NUM_THREADS, or the processors that this process may use.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads wants 1 or more, not \(threads)") }
    }

    func apply() {
        if let threads { Threads.count = threads }
    }
}
