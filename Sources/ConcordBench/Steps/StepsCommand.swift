import ArgumentParser
import Concord

struct StepsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps", abstract: "Times full training steps: forward, loss, backward, AdamW.",
        discussion:
            """
            Workloads: \(Workloads.all.map { $0.name }.joined(separator: ", ")). Each runs in a process of its \
            own. The peak rate is measured in the same run: in float32 of multiply-adds in registers, in bfloat16 of matmuls if \
            they are faster. A step may exceed 100 % of it: convolutions are counted as direct ones, while Winograd's \
            method needs a quarter (in bfloat16 four ninths) of the multiplications for 3x3 kernels, and large matmuls may \
            run on AMX.
            """)

    @Argument(help: "Workloads; all where none is named.") var workloads: [String] = []
    @Option(help: "Element type of activations and matmuls.") var precision = Precision.float32
    @Flag(help: "Print what each operation of one more step took, forward and backward.") var trace = false
    @OptionGroup var options: BenchOptions

    func run() throws {
        options.apply()
        let types = try Workloads.named(workloads)
        var peak = PeakRate(), all: [StepTimings] = []
        for type in types {
            peak.measure(precision)
            all.append(
                try StepCommand.measurements(of: type, precision: precision, repeats: options.repeats, trace: trace))
        }
        peak.measure(precision)
        for index in all.indices { all[index].compare(with: peak) }
        if options.json { return print(try JSON.text(all)) }
        print(StepTimings.heading)
        for measurements in all { print(measurements.row) }
        for measurements in all where trace { print(measurements.traceTable) }
        print("\n\(Threads.count) threads; \(Kernels.description)")
        print(peak.description(precision))
    }
}
