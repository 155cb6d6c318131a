import ArgumentParser
import Concord

struct InferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference",
        abstract: "Times embedding images, texts and clips; with --python in PyTorch and ONNX Runtime too.",
        discussion: """
            Workloads: resnet18 and resnet50 (images of 224x224), texts (64 tokens; four layers of width 512), clips \
            (1.28 s at 16 kHz; five convolutions of 256 channels). Rates are items a second; "apart" is with a tape, \
            which folds no batch normalization into the convolutions. ONNX Runtime runs what PyTorch exports, in \
            float32. A ratio is the seconds of the faster of the two over Concord's: above 1, Concord is faster.
            """)

    @Argument(help: "Workloads; all where none is named.") var workloads: [InferenceWorkload] = []
    @Option(help: "Items at a time.") var batch = 32
    @Option(help: "Element type of activations and matmuls.") var precision = Precision.float32
    @Option(help: "A Python that has PyTorch, torchvision and ONNX Runtime.") var python: String?
    @Option(help: "The path of torch_steps.py, for --python.") var baseline: String?
    @OptionGroup var options: BenchOptions

    func validate() throws {
        if batch < 1 { throw ValidationError("--batch wants 1 or more, not \(batch)") }
        if (python == nil) != (baseline == nil) { throw ValidationError("--python and --baseline want each other") }
    }

    func run() throws {
        options.apply()
        var all: [InferenceTimings] = []
        for workload in workloads.isEmpty ? InferenceWorkload.allCases : workloads {
            let other = python.flatMap { python in
                baseline.map { InferenceBaseline(python: python, script: $0, repeats: options.repeats) }
            }
            let pytorch = try other?.measure(workload, batch: batch, precision, by: .pytorch)
            let onnx =
                precision == .float32
                ? try other?.measure(workload, batch: batch, precision, by: .onnxruntime) : nil
            let pass = workload.pass(batch: batch)
            let seconds = withPrecision(precision) { Timing.of(repeats: options.repeats, warmups: 2) { _ = pass() } }
            // A tape folds nothing, and keeps nothing of frozen parameters.
            let apart = withPrecision(precision) {
                Timing.of(repeats: options.repeats, warmups: 2) { _ = valueWithPullback { _ in [pass()] } }
            }
            all.append(
                InferenceTimings(
                    name: workload, batch: batch, seconds: seconds, apart: apart, pytorch: pytorch, onnxRuntime: onnx))
        }
        if options.json { return print(try JSON.text(all)) }
        print(InferenceTimings.heading)
        for timings in all { print(timings.row) }
        print("\n\(Threads.count) threads; \(Kernels.description)")
    }
}
