import ArgumentParser
import Concord
import CStartup
import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

@main
struct ConcordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concord",
        abstract: "Learns one embedding space for images, text and sound from your files, and searches in it.",
        discussion:
            """
            Start with `concord demo`. Errors are one line on standard error; exit codes are 0 done, 1 failed, 64 \
            wrong usage.
            """,
        version: ConcordRelease.version,
        subcommands: [
            DemoCommand.self, TrainCommand.self, EvaluateCommand.self, ProbeCommand.self, FineTuneCommand.self,
            ClassifyCommand.self, EmbedCommand.self, SearchCommand.self, DedupCommand.self, FillCommand.self,
            GenerateCommand.self, TokenizerCommand.self, RecipesCommand.self, InspectCommand.self, DoctorCommand.self,
        ])

    /// The command line's words, byte by byte: `CommandLine.arguments` replaces what is not UTF-8, and the file is not
    /// found.
    private static var arguments: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { place in
            CommandLine.unsafeArgv[place].map { PathEncoding.decoded($0) }
        }
    }

    /// Has this process compute with the kernels that were measured on this machine, if they were.
    private static func useInstalledKernels() {
        let kernels = InstalledKernels.find()
        kernels.table.useForProcess()
        if let warning = kernels.warning {
            StandardError.line("warning: \(warning); `concord doctor --tune` measures which are the fastest here")
        }
    }

    static func main() {
        concord_startup_link()
        StandardStreams.ensureOpen()
        var isOutputTheResult = true
        do {
            var command = try parseAsRoot(arguments)
            try Ranks.requireSupport(of: command)
            isOutputTheResult = !(command is TrainCommand || command is FineTuneCommand || command is DemoCommand)
            // Training answers SIGUSR1 with a checkpoint; before it starts and after its end there is nothing to write.
            if !isOutputTheResult { signal(SIGUSR1, SIG_IGN) }
            let advice = isOutputTheResult ? MemoryAdvice.use : MemoryAdvice.training
            OutOfMemory.setHandler { shortage in
                RunDirectory.discardUnstarted()
                ProcessEnd.fail("Error: \(shortage); \(advice)")
            }
            Precision.setFallbackHandler { ("warning: " + $0 + "\n").withCString { _ = write(2, $0, strlen($0)) } }
            useInstalledKernels()
            try command.run()
            ProcessEnd.leave(0, isOutputTheResult: isOutputTheResult)
        } catch {
            let status = exitCode(for: error).rawValue
            let message = Advice.text(for: error).map { "Error: " + $0 } ?? fullMessage(for: error)
            if status == 0 {  // --help and --version
                print(message)
            } else if !message.isEmpty {
                ProcessEnd.fail(message, status: status)
            }
            ProcessEnd.leave(status, isOutputTheResult: isOutputTheResult)
        }
    }
}

/// What to turn where memory is short.
private enum MemoryAdvice {
    static let training =
        "a smaller batch or microbatch, checkpointing: true of the encoder, precision: bfloat16, shorter texts "
        + "(context), smaller "
            + """
            images (views.size) or shorter clips (views.audio.seconds) need less; a run that wrote a checkpoint goes \
            on with --resume
            """
    static let use = "fewer or shorter inputs at a time, or a smaller model, need less"
}
