import ArgumentParser
import Concord

struct StepsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps", abstract: "Times full training steps: forward, loss, backward, AdamW.",
        discussion:
            "Workloads: \(Workloads.all.map { $0.name }.joined(separator: ", ")). Each runs in a process of its own. "
                + "The peak that a "
            + "share is of is measured in the same run: in float32 multiply-adds in registers, in bfloat16 matrix "
            + "products if they are faster. "
            + "In float32 a share may pass 100 %: convolutions count as direct ones, while Winograd's method does 3x3 "
            + "ones in a quarter of the "
            + "multiplications, and large products may go by AMX's tiles.")

    @Argument(help: "Workloads; all where none is named.") var workloads: [String] = []
    @Option(help: "What activations and products are held in.") var precision = Precision.float32
    @Option(help: "Timed steps after two untimed ones.") var repeats = 7
    @Flag(help: "Print what each operation of one more step took, there and back.") var trace = false
    @Flag(help: "Print measurements for programs.") var json = false
    @OptionGroup var threads: ThreadOption

    func validate() throws {
        if repeats < 1 { throw ValidationError("--repeats wants 1 or more, not \(repeats)") }
    }

    func run() throws {
        threads.apply()
        let types = try Workloads.named(workloads)
        var peak = PeakRate(), all: [StepTimings] = []
        for type in types {
            peak.measure(precision)
            all.append(try StepCommand.measurements(of: type, precision: precision, repeats: repeats, trace: trace))
        }
        peak.measure(precision)
        for index in all.indices { all[index].hold(against: peak) }
        if json { return print(try JSON.text(all)) }
        print(StepTimings.heading)
        for measurements in all { print(measurements.row) }
        for measurements in all where trace { print(measurements.traceTable) }
        print("\n\(Threads.count) threads; \(Kernels.description)")
        print(peak.description(precision))
    }
}
