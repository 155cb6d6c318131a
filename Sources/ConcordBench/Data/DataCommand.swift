import ArgumentParser
import Concord
import Foundation

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Times decoding and cropping JPEG files, reading audio and tokenizing, with one thread.",
        discussion: "With --python and --baseline the same is done in Python in the same run, on the same files.")

    @Argument(help: "The directory with fsdd/recordings and wikitext2 in it.") var directory: String
    @Option(help: "JPEG files to crop from; scikit-learn's photographs with --python.") var jpeg: [String] = []
    @Option(help: "The Python that has the libraries of data_speed.py.") var python: String?
    @Option(help: "The path of data_speed.py.") var baseline: String?
    @Option(help: "Timed runs after an untimed one.") var repeats = 5
    @Flag(help: "Print measurements for programs.") var json = false

    func validate() throws {
        if repeats < 1 { throw ValidationError("--repeats wants 1 or more, not \(repeats)") }
        if (python == nil) != (baseline == nil) { throw ValidationError("--python and --baseline belong together") }
        if jpeg.isEmpty, python == nil { throw ValidationError("--jpeg FILE or --python and --baseline wanted") }
    }

    func run() throws {
        Threads.count = 1
        let baseline = python.flatMap { python in self.baseline.map { PythonBaseline(python: python, script: $0) } }
        let images =
            try jpeg.isEmpty
            ? baseline?.photographs() ?? [] : jpeg.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        var measurements = try DataBench(directory: directory, images: images, repeats: repeats).all()
        if let rates = try baseline?.rates(directory) {
            for index in measurements.indices {
                guard let rate = rates[measurements[index].name] else { continue }
                (measurements[index].baselinePerS, measurements[index].ratio) = (rate, measurements[index].perS / rate)
            }
        }
        if json { return print(try JSON.text(measurements)) }
        print(DataTimings.heading)
        for measurements in measurements { print(measurements.row) }
    }
}
