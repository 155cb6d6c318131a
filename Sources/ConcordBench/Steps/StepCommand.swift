import ArgumentParser
import Concord
import ConcordThreadOptions

/// One workload in this process; `steps` runs it, so that the peak memory is the workload's own.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Times one workload in this process.", shouldDisplay: false)

    @Argument var workload: String
    @Option var precision = Precision.float32
    @Option var repeats = 7
    @Flag var trace = false
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let type = try Workloads.named(workload), step = try TrainingStep(type, precision)
        var loss: Float = 0
        let timing = try Timing.of(repeats: repeats, warmups: 2) { loss = try step.run() }
        let peakMib = PeakMemory.mebibytes, tensorsMib = Double(Allocator.statistics.peak) / 1048576
        let profile = try trace ? Profile.measuring { _ = try step.run() }.1 : nil
        print(
            try JSON.text(
                StepTimings(
                    workload: workload, precision: precision, threads: Threads.count,
                    parameters: step.workload.model.parameterCount,
                    medianS: timing.median, minS: timing.minimum, maxS: timing.maximum,
                    itemsPerS: Double(type.items) / timing.median,
                    gflopPerS: type.operationCount.operations / timing.median / 1e9,
                    peakMib: peakMib, tensorsMib: tensorsMib, loss: loss,
                    kernels: Kernels.description,
                    trace: profile?.entries.map(TraceRow.init))))
    }

    /// The same in a process of its own.
    static func measurements(
        of workload: any Workload.Type, precision: Precision, repeats: Int, trace: Bool = false
    ) throws -> StepTimings {
        let arguments =
            ["step", workload.name, "--precision", precision.rawValue, "--repeats", String(repeats)]
            + (trace ? ["--trace"] : [])
        return try JSON.value(StepTimings.self, Child.ofThisProgram(arguments), of: arguments.joined(separator: " "))
    }
}
