import ArgumentParser
import Concord
import Foundation

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Times decoding and cropping JPEG files, reading sounds and tokenising, with one thread.",
        discussion: "With --python and --peer the same is done in Python in the same run, on the same files.")

    @Argument(help: "The directory with fsdd/recordings and wikitext2 in it.") var directory: String
    @Option(help: "JPEG files to crop from; scikit-learn's photographs with --python.") var jpeg: [String] = []
    @Option(help: "The Python that has the libraries of data_speed.py.") var python: String?
    @Option(help: "The path of data_speed.py.") var peer: String?
    @Option(help: "Timed runs after an untimed one.") var repeats = 5
    @Flag(help: "Print figures for programs.") var json = false

    func validate() throws {
        if repeats < 1 { throw ValidationError("--repeats wants 1 or more, not \(repeats)") }
        if (python == nil) != (peer == nil) { throw ValidationError("--python and --peer belong together") }
        if jpeg.isEmpty, python == nil { throw ValidationError("--jpeg FILE or --python and --peer wanted") }
    }

    func run() throws {
        Threads.count = 1
        let peer = python.flatMap { python in self.peer.map { DataPeer(python: python, script: $0) } }
        let pictures =
            try jpeg.isEmpty
            ? peer?.photographs() ?? [] : jpeg.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        var figures = try DataBench(directory: directory, pictures: pictures, repeats: repeats).all()
        if let rates = try peer?.rates(directory) {
            for index in figures.indices {
                guard let rate = rates[figures[index].name] else { continue }
                (figures[index].peersPerS, figures[index].ratio) = (rate, figures[index].perS / rate)
            }
        }
        if json { return print(try JSON.text(figures)) }
        print(DataFigures.heading)
        for figures in figures { print(figures.row) }
    }
}
