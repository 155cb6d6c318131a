import ArgumentParser
import Concord
import ConcordThreadOptions

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows the processor, the kernels in use and why, threads, library versions and memory.",
        discussion: """
            --json prints an object of strings: processor, instructions, matrix_products, convolutions, bfloat16, \
            threads, openblas, kept_logits, memory, kernels, precision_auto, mpi.

            --tune measures for about a minute which of several kernels are the fastest on this machine, which should \
            do nothing else meanwhile, and keeps the table in $XDG_CACHE_HOME/concord or ~/.cache/concord, where every \
            command reads it. A run goes on with the kernels that it was started with. CONCORD_KERNELS=FILE in the \
            environment takes another table, CONCORD_KERNELS=default none.
            """)

    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Measure which kernels are the fastest here, and use them from now on.") var tune = false
    @Flag(help: .hidden) var quick = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        if tune { return try KernelTuningReport(isJSON: json, isQuick: quick).run() }
        var output = StandardOutput()
        let mpi = Communicator.installedLibrary ?? "none; for several processes build with --traits MPI"
        let precision = "\(Precision.fastest) (\(Precision.reasonForFastest))"
        let report =
            Processor.report() + [("kernels", Self.kernels), ("precision auto", precision), ("MPI", mpi)]
        if json {
            let keys = report.map { ($0.name.lowercased().split(separator: " ").joined(separator: "_"), $0.value) }
            try output.json(Dictionary(keys) { first, _ in first })
        } else {
            for (name, value) in report { try output.line(name.padding(to: 18) + value) }
        }
        try output.finish()
    }

    /// Which table of kernels is in use, and where it is from.
    private static var kernels: String {
        let found = InstalledKernels.find()
        guard let path = found.path else {
            return found.isByEnvironment
                ? "the standard ones (\(InstalledKernels.variable))"
                : "the standard ones; `concord doctor --tune` measures which are the fastest here"
        }
        return "\(path): \(found.table.summary)"
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
