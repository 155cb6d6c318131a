import ArgumentParser
import Concord

struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute with; by default OMP_NUM_THREADS, or the processors that this process may use.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...Threads.limit).contains(threads) {
            throw ValidationError("--threads wants 1 to \(Threads.limit), not \(threads)")
        }
    }

    func apply() {
        if let threads { Threads.count = threads }
    }
}
