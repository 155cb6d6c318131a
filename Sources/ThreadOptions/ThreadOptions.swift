package import ArgumentParser
import ConcordTensors

/// The option `--threads` of the executables.
package struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute with; by default OMP_NUM_THREADS, or the processors that this process may use.")
    package var threads: Int?

    package init() {}

    package func validate() throws {
        if let threads, !(1...Threads.limit).contains(threads) {
            throw ValidationError("--threads wants 1 to \(Threads.limit), not \(threads)")
        }
    }

    /// Sets the number of threads, where one was given.
    package func apply() {
        if let threads { Threads.count = threads }
    }
}
