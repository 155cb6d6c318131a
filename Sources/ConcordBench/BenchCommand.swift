import ArgumentParser
import Concord

#if canImport(Glibc)
    import Glibc
#endif

@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concord-bench",
        abstract:
            """
            Times training steps, single operations and the reading of data, against what the processor can do and \
            against PyTorch.
            """,
        version: ConcordRelease.version,
        subcommands: [
            StepsCommand.self, CompareCommand.self, OperationsCommand.self, CachingCommand.self, InferenceCommand.self,
            ProbesCommand.self, DataCommand.self, RanksCommand.self, FigureCommand.self,
            StepCommand.self, LossesCommand.self, CachingStepCommand.self,
        ])

    static func main() {
        // PyTorch's threads are libgomp's too, and would inherit the short waits; Concord's steps restart by
        // themselves.
        if !["compare", "data"].contains(CommandLine.arguments.dropFirst().first) { ShortWaits.restart() }
        Precision.setFallbackHandler { ("warning: " + $0 + "\n").withCString { _ = write(2, $0, strlen($0)) } }
        let kernels = InstalledKernels.find()
        kernels.table.useForProcess()
        if let warning = kernels.warning { ("warning: " + warning + "\n").withCString { _ = write(2, $0, strlen($0)) } }
        main(nil)
    }
}
