import ArgumentParser
import Concord
import ConcordThreadOptions

struct InferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference",
        abstract:
            "Times embedding images of 224x224 with ResNets, with and without folding batch normalizations."
    )

    @Option(help: "18, 34 or 50; 18 and 50 where left out.") var depth: [Int] = []
    @Option(help: "Images at a time.") var batch = 16
    @Option(help: "Timed passes.") var repeats = 9
    @Option(help: "Element type of activations and matmuls.") var precision = Precision.float32
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if let depth = depth.first(where: { ![18, 34, 50].contains($0) }) {
            throw ValidationError("--depth \(depth) is none of 18, 34, 50")
        }
        if batch < 1 || repeats < 1 { throw ValidationError("--batch and --repeats want 1 or more") }
    }

    func run() throws {
        threads.apply()
        let images = Tensor(uniform: -1.7...1.7, shape: [batch, 224, 224, 3], key: RandomKey(seed: 0))
        print("depth".left(7) + "batch".right(6) + "images/s apart".right(16) + "images/s folded".right(17))
        for depth in depth.isEmpty ? [18, 50] : depth {
            let encoder = ResNet(depth: depth).initialize(seed: 0)
            for (_, parameter) in ParameterWalk(encoder).parameters { parameter.isFrozen = true }
            // A tape folds nothing, and keeps nothing of frozen parameters.
            let apart = withPrecision(precision) {
                Timing.of(repeats: repeats, warmups: 2) { _ = valueWithPullback { _ in [encoder(images)] } }
            }
            let folded = withPrecision(precision) { Timing.of(repeats: repeats, warmups: 2) { _ = encoder(images) } }
            print(
                "\(depth)".left(7) + "\(batch)".right(6) + (Double(batch) / apart.median).decimals(1).right(16)
                    + (Double(batch) / folded.median).decimals(1).right(17))
        }
        print("\n\(Threads.count) threads; \(Kernels.description)")
    }
}
