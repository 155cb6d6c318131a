import ArgumentParser
import Concord
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Runs training steps here and in PyTorch, alternating.",
        discussion:
            """
            First both take three steps from PyTorch's weights and inputs: the numbers of parameters must be equal and \
            the losses agree. Then every mode of PyTorch is followed by Concord, workload by workload. A ratio is the \
            seconds of PyTorch's fastest mode over Concord's median: above 1, Concord is faster.
            """)

    @Argument(help: "Workloads; all where none is named.") var workloads: [String] = []
    @Option(help: "The Python that has PyTorch.") var python: String
    @Option(help: "The path of torch_steps.py.") var baseline: String
    @Option(help: "PyTorch's modes, with commas between them; all of the precision where not given.") var modes: String?
    @Option(help: "Element type of activations and matmuls.") var precision = Precision.float32
    @Option(help: "Runs of every mode.") var rounds = 1
    @Flag(help: "Do not compare the losses first.") var unchecked = false
    @OptionGroup var options: BenchOptions

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds must be 1 or more, not \(rounds)") }
        let known = PyTorchBaseline.modes(precision)
        if let unknown = modeNames.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "no mode \"\(unknown)\" of \(precision.rawValue); there are \(known.joined(separator: ", "))")
        }
    }

    private var modeNames: [String] {
        modes?.split(separator: ",").map(String.init) ?? PyTorchBaseline.modes(precision)
    }

    func run() throws {
        options.apply()
        let baseline = PyTorchBaseline(python: python, script: self.baseline, repeats: options.repeats)
        let directory = NSTemporaryDirectory() + "/concord-bench-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let versions = LibraryVersions(pytorch: try baseline.version())
        var peak = PeakRate(), all: [Comparison] = []
        for type in try Workloads.named(workloads) {
            peak.measure(precision)
            let distance = unchecked ? nil : try Parity.check(type, baseline, precision, in: directory)
            try? FileManager.default.removeItem(atPath: directory)
            all.append(try compared(type, baseline, versions, distance))
        }
        peak.measure(precision)
        for index in all.indices { all[index].own.compare(with: peak) }
        if options.json { return print(try JSON.text(all)) }
        print(Comparison.heading(precision))
        for comparison in all { print(comparison.row) }
        let ratios = all.compactMap(\.ratioToBest)
        if !ratios.isEmpty {
            let mean = exp(ratios.reduce(0) { $0 + log($1) } / Double(ratios.count))
            print(
                """
                \ngeometric mean of the ratios \(mean.decimals(2)); \(Threads.count) threads, \
                \(peak.description(precision))
                """
            )
        }
        print(Kernels.description)
    }

    private func compared(
        _ type: any Workload.Type, _ baseline: PyTorchBaseline, _ versions: LibraryVersions, _ distance: Float?
    ) throws -> Comparison {
        var own: [StepTimings] = [], other: [PyTorchBaseline.Timings] = []
        for mode in (0..<rounds).flatMap({ _ in modeNames }) {
            other.append(try baseline.measurements(of: type.name, mode: mode))
            own.append(try StepCommand.measurements(of: type, precision: precision, repeats: options.repeats))
        }
        return Comparison(own, other, versions: versions, lossDistance: distance)
    }
}
