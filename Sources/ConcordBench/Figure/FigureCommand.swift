import ArgumentParser
import Foundation

struct FigureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figure", abstract: "Draws the results of compare as a bar chart in SVG.",
        discussion: """
            concord-bench compare … --json > float32.json
            concord-bench compare … --precision bfloat16 --json > bfloat16.json
            concord-bench figure float32.json bfloat16.json --out ratios.svg

            A bar for each workload and precision: the ratio of speed over PyTorch's best mode, and that of memory, \
            with a line at 1. The files must be of one processor and the same versions.
            """)

    @Argument(help: "Files with the output of compare --json.") var files: [String]
    @Option(help: "The SVG file to write; standard output without it.") var out: String?

    func run() throws {
        let measurements = try files.map { (name: $0, results: try ComparedResult.read($0)) }
        let svg = ComparisonChart(try ComparedWorkloads(measurements)).svg
        guard let out else { return print(svg, terminator: "") }
        do { try Data(svg.utf8).write(to: URL(fileURLWithPath: out), options: .atomic) } catch {
            throw ChartError(file: out, "cannot be written: \(error.localizedDescription)")
        }
    }
}
