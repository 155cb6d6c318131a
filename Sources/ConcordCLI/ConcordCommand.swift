import ArgumentParser
import Concord
import ConcordFiles

@main
struct ConcordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concord",
        abstract: "Learns one embedding space for images, text and sound from your files, and searches in it.",
        discussion: "Start with `concord demo`. Errors are one line on standard error; exit codes are 0 done, 1 failed, 64 wrong usage.",
        version: ConcordRelease.version,
        subcommands: [
            DemoCommand.self, TrainCommand.self, EvaluateCommand.self, ClassifyCommand.self, EmbedCommand.self, SearchCommand.self, FillCommand.self,
            TokenizerCommand.self, InspectCommand.self, DoctorCommand.self,
        ])

    static func main() {
        StandardStreams.ensureOpen()
        Threads.restartWithShortWaits()
        main(nil)
    }
}
