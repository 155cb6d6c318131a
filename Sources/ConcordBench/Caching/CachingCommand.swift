import ArgumentParser
import Concord

struct CachingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caching",
        abstract: "Times gradient caching: CLIP's RN50 at 224 over a batch that no memory holds whole.",
        discussion:
            """
            A plain step of one microbatch, then a step of the whole batch in such microbatches, each in a process of \
            its own, with AdamW. A second forward pass alone makes 1.33 of the cost per sample. A step of 1024 pairs \
            takes minutes.
            """)

    @Option(help: "Pairs in a batch.") var batch = 1024
    @Option(help: "Pairs encoded at a time.") var microbatch = 16
    @Option(help: "Element type of activations and matmuls.") var precision = Precision.float32
    @Flag(help: "Recompute blocks in the backward pass.") var checkpointing = false
    @OptionGroup var options: BenchOptions

    func validate() throws {
        if batch < 1 || microbatch < 1 { throw ValidationError("--batch and --microbatch must be 1 or more") }
    }

    func run() throws {
        options.apply()
        let plain = try CachingStepCommand.measurements(
            batch: microbatch, microbatch: 0, repeats: options.repeats, checkpointing: checkpointing,
            precision: precision)
        let cached = try CachingStepCommand.measurements(
            batch: batch, microbatch: microbatch, repeats: 1, checkpointing: checkpointing, precision: precision)
        if options.json { return print(try JSON.text([plain, cached])) }
        print("batch".right(6) + "microbatch".right(12) + "s/sample".right(10) + "peak MiB".right(10) + "loss".right(9))
        for measurements in [plain, cached] {
            print(
                "\(measurements.batch)".right(6)
                    + (measurements.microbatch > 0 ? "\(measurements.microbatch)" : "").right(12)
                    + measurements.secondsPerSample.decimals(4).right(10) + measurements.peakMib.decimals(0).right(10)
                    + Double(measurements.loss).decimals(3).right(9))
        }
        print("\ncost per sample \((cached.secondsPerSample / plain.secondsPerSample).decimals(3)) of a plain step's")
    }
}
