import ArgumentParser
import Concord

@main
struct ConcordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "concord", abstract: "Learns one embedding space for images and text, and searches in it.")
}
