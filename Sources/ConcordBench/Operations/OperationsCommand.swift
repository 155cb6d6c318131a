import ArgumentParser
import Concord

struct OperationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations", abstract: "Times single operations and compares them with their floors.",
        discussion:
            """
            The floor is the operation's multiply-adds at the measured peak, or its inputs and outputs at the measured \
            memory bandwidth, whichever takes longer; small ones stay in caches and may be faster than memory.
            """)

    enum Group: String, ExpressibleByArgument, CaseIterable {
        case matmuls, convolutions, attention, rows, optimizer, infonce
    }

    @Argument(help: "Which operations; all where none is named.") var groups: [Group] = []
    @Flag(help: "InfoNCE of 65536 pairs too.") var large = false
    @OptionGroup var options: BenchOptions

    func run() throws {
        options.apply()
        var peak = PeakRate()
        peak.measure()
        var bench = OperationBench(peak: peak, bandwidth: Bandwidth.measured(), repeats: options.repeats)
        for group in groups.isEmpty ? Group.allCases : groups {
            switch group {
            case .matmuls: bench.matmuls()
            case .convolutions: bench.convolutions()
            case .attention: bench.attentions()
            case .rows: bench.rowOperations()
            case .optimizer: try bench.optimizers()
            case .infonce: bench.contrasts(large ? [4096, 16384, 65536] : [4096, 16384])
            }
        }
        if options.json { return print(try JSON.text(bench.measurements)) }
        print(OperationTimings.heading)
        for measurements in bench.measurements { print(measurements.row) }
        print(
            "\n\(Threads.count) threads; peak \((peak.highest / 1e9).decimals(0)) GFLOP/s, memory "
                + "\((bench.bandwidth / 1e9).decimals(1)) GB/s; "
                + Kernels.description)
    }
}
