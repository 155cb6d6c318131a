import ArgumentParser
import Concord
import ConcordThreadOptions

/// What a model makes of PyTorch's weights and inputs.
struct DumpedLosses: Codable {
    let parameters: Int
    /// Of the first three steps.
    let losses: [Float]
}

/// The first three losses from a dump, in a process of their own.
struct LossesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "losses", abstract: "Three losses from PyTorch's weights and inputs.", shouldDisplay: false)

    @Argument var workload: String
    @Option var dump: String
    @Option var precision = Precision.float32
    @OptionGroup var threads: ThreadOptions

    func run() throws {
        threads.apply()
        let step = try TrainingStep(try Workloads.named(workload), precision, dump: try Safetensors(path: dump))
        let losses = try (0..<3).map { _ in try step.run() }
        print(try JSON.text(DumpedLosses(parameters: step.workload.model.parameterCount, losses: losses)))
    }

    static func losses(of workload: any Workload.Type, _ precision: Precision, dump: String) throws -> DumpedLosses {
        let arguments = ["losses", workload.name, "--dump", dump, "--precision", precision.rawValue]
        return try JSON.value(DumpedLosses.self, Child.ofThisProgram(arguments), of: arguments.joined(separator: " "))
    }
}
