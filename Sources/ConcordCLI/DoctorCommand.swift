import ArgumentParser
import Concord
import ConcordThreadOptions

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows the processor, the kernels in use and why, threads, library versions and memory.",
        discussion: """
            --json prints an object of strings: processor, instructions, matrix_products, convolutions, bfloat16, \
            threads, openblas, kept_logits, memory, precision_auto, mpi.
            """)

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        var output = StandardOutput()
        let mpi = Communicator.installedLibrary ?? "none; for several processes build with --traits MPI"
        let precision = "\(Precision.fastest) (\(Precision.reasonForFastest))"
        let report = Processor.report() + [("precision auto", precision), ("MPI", mpi)]
        if json {
            let keys = report.map { ($0.name.lowercased().split(separator: " ").joined(separator: "_"), $0.value) }
            try output.json(Dictionary(keys) { first, _ in first })
        } else {
            for (name, value) in report { try output.line(name.padding(to: 18) + value) }
        }
        try output.finish()
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
