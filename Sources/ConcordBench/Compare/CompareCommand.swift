import ArgumentParser
import Concord
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Runs training steps here and in PyTorch by turns.",
        discussion:
            "First both take three steps from PyTorch's weights and inputs: the numbers of parameters must be equal "
                + "and the losses "
            + "agree. Then every mode of PyTorch is followed by Concord, workload by workload. A ratio is the seconds "
            + "of PyTorch's best mode "
            + "over Concord's median: above 1, Concord is faster.")

    @Argument(help: "Workloads; all where none is named.") var workloads: [String] = []
    @Option(help: "The Python that has PyTorch.") var python: String
    @Option(help: "The path of torch_steps.py.") var peer: String
    @Option(help: "PyTorch's modes, with commas between them; all of the precision where not given.") var modes: String?
    @Option(help: "What activations and products are held in.") var precision = Precision.float32
    @Option(help: "Timed steps of each run.") var repeats = 7
    @Option(help: "Runs of every mode.") var rounds = 1
    @Flag(help: "Do not hold the losses against each other first.") var unchecked = false
    @Flag(help: "Print measurements for programs.") var json = false
    @OptionGroup var threads: ThreadOption

    func validate() throws {
        if repeats < 1 || rounds < 1 { throw ValidationError("--repeats and --rounds want 1 or more") }
        let known = Peer.modes(precision)
        if let unknown = modeNames.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "no mode \"\(unknown)\" of \(precision.rawValue); there are \(known.joined(separator: ", "))")
        }
    }

    private var modeNames: [String] { modes?.split(separator: ",").map(String.init) ?? Peer.modes(precision) }

    func run() throws {
        threads.apply()
        let peer = Peer(python: python, script: self.peer, repeats: repeats)
        let directory = NSTemporaryDirectory() + "/concord-bench-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var peak = PeakRate(), all: [Comparison] = []
        for type in try Workloads.named(workloads) {
            peak.measure(precision)
            let distance = unchecked ? nil : try Parity.check(type, peer, precision, in: directory)
            try? FileManager.default.removeItem(atPath: directory)
            all.append(try compared(type, peer, distance))
        }
        peak.measure(precision)
        for index in all.indices { all[index].own.hold(against: peak) }
        if json { return print(try JSON.text(all)) }
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

    private func compared(_ type: any Workload.Type, _ peer: Peer, _ distance: Float?) throws -> Comparison {
        var own: [StepTimings] = [], peers: [Peer.Figures] = []
        for mode in (0..<rounds).flatMap({ _ in modeNames }) {
            peers.append(try peer.measurements(of: type.name, mode: mode))
            own.append(try StepCommand.measurements(of: type, precision: precision, repeats: repeats))
        }
        return Comparison(own, peers, lossDistance: distance)
    }
}
