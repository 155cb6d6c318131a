import ArgumentParser
import Concord
import ConcordThreadOptions

/// What steps of a batch took.
struct CachingTimings: Codable {
    var batch: Int
    /// 0: the batch whole.
    var microbatch: Int
    var secondsPerSample: Double
    var peakMib: Double
    var loss: Float
}

/// One way of taking a step, in this process; `caching` runs it, so that the peak memory is its own.
struct CachingStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caching-step", abstract: "Times one way of taking a step in this process.", shouldDisplay: false)

    @Option var batch = 16
    @Option var microbatch = 0
    @Option var repeats = 1
    @Flag var checkpointing = false
    @Option var precision = Precision.float32
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let workload = try CachingWorkload(count: batch, checkpointing: checkpointing, precision: precision),
            size = microbatch > 0 ? microbatch : nil
        var loss: Float = 0
        // primitives and memory are made here
        _ = try workload.step(min(batch, size.map { 2 * $0 } ?? batch), microbatch: size)
        let timing = try Timing.of(repeats: repeats, warmups: 0) { loss = try workload.step(batch, microbatch: size) }
        print(
            try JSON.text(
                CachingTimings(
                    batch: batch, microbatch: microbatch, secondsPerSample: timing.median / Double(batch),
                    peakMib: PeakMemory.mebibytes,
                    loss: loss)))
    }

    /// The same in a process of its own.
    static func measurements(
        batch: Int, microbatch: Int, repeats: Int, checkpointing: Bool, precision: Precision
    ) throws -> CachingTimings {
        let arguments =
            [
                "caching-step", "--batch", String(batch), "--microbatch", String(microbatch), "--repeats",
                String(repeats), "--precision",
                precision.rawValue,
            ] + (checkpointing ? ["--checkpointing"] : [])
        return try JSON.value(CachingTimings.self, Child.ofThisProgram(arguments), of: arguments.joined(separator: " "))
    }
}
