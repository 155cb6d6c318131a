import Concord
import ConcordBench
import Foundation
import Testing

struct ComparisonChartTests {
    /// One line of what `compare --json` prints.
    private static func measurement(
        _ workload: String, _ precision: String, ratio: String = "1.5", memory: String = "0.5",
        processor: String = "Example <9>", threads: Int = 2, concord: String = "1.0"
    ) -> String {
        """
        {"workload": "\(workload)", "precision": "\(precision)", "threads": \(threads), "processor": "\(processor)",
         "versions": {"concord": "\(concord)", "pytorch": "2.9.0", "onednn": "3.1.0", "openblas": "0.3.21"},
         "ratio_to_best": \(ratio), "memory_ratio": \(memory), "median_s": 0.5, "baseline": []}
        """
    }

    private static func chart(_ files: [String]...) throws -> ComparisonChart {
        let read = try files.enumerated().map { place, lines in
            let name = "\(place).json", data = Data("[\(lines.joined(separator: ","))]".utf8)
            return (name: name, results: try ComparedResult.results(data, of: name))
        }
        return ComparisonChart(try ComparedWorkloads(read))
    }

    private static func example() throws -> ComparisonChart {
        try chart(
            [
                measurement("a", "float32", ratio: "2", memory: "0.25"),
                measurement("b", "float32", ratio: "0.5", memory: "1"),
            ],
            [
                measurement("b", "bfloat16", ratio: "4", memory: "2"),
                measurement("a", "bfloat16", ratio: "1", memory: "0.5"),
            ])
    }

    @Test func aBarIsAsLongAsItsRatio() throws {
        let chart = try Self.example(), speed = chart.speed, memory = chart.memory
        #expect(speed.maximum == 4 && memory.maximum == 2)
        // Workload by workload, float32 first; geometric means last: of 2 and 0.5, and of 1 and 4.
        let names = ["a", "a", "b", "b", "geometric mean", "geometric mean"]
        #expect(speed.bars.map(\.workload) == names && memory.bars.map(\.workload) == names)
        #expect(speed.bars.map(\.precision) == [.float32, .bfloat16, .float32, .bfloat16, .float32, .bfloat16])
        for (bars, panel, ratios) in [
            (speed.bars, speed, [2, 1, 0.5, 4, 1, 2]), (memory.bars, memory, [0.25, 0.5, 1, 2, 0.5, 1]),
        ] {
            for (bar, ratio) in zip(bars, ratios) {
                #expect(abs(bar.ratio - ratio) < 1e-12)
                #expect(bar.x == panel.x && abs(bar.width - ratio / panel.maximum * panel.width) < 1e-9)
            }
        }
        #expect(speed.x + speed.width < memory.x && memory.x + memory.width < 830)
        // A workload's bars are beside each other in both panels, and under the one before.
        #expect(zip(speed.bars, memory.bars).allSatisfy { $0.y == $1.y })
        #expect(zip(speed.bars, speed.bars.dropFirst()).allSatisfy { $0.y + 15 <= $1.y })
    }

    @Test func theDrawingHasItsValuesALineAtOneAndABackground() throws {
        let chart = try Self.example(), svg = chart.svg
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"830\" "))
        #expect(svg.contains("fill=\"#ffffff\" rx=\"6\""))
        for bar in chart.speed.bars + chart.memory.bars {
            #expect(svg.contains("width=\"\(Self.number(bar.width))\" height=\"15\""), "\(bar)")
        }
        for value in ["2.00", "0.50", "4.00", "0.25"] { #expect(svg.contains(">\(value)</text>"), "\(value)") }
        for panel in [chart.speed, chart.memory] {
            let one = Self.number(panel.x + panel.width / panel.maximum)
            #expect(svg.contains("<line x1=\"\(one)\" ") && svg.contains(" x2=\"\(one)\" "))
        }
        #expect(svg.contains(">Example &lt;9&gt;, 2 threads</text>"))
        #expect(svg.contains(">Concord 1.0, PyTorch 2.9.0, oneDNN 3.1.0, OpenBLAS 0.3.21</text>"))
        #expect(!svg.contains("href") && !svg.contains("url("))
    }

    /// As the drawing has it.
    private static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded()), fraction = hundredths % 100
        if fraction == 0 { return "\(hundredths / 100)" }
        if fraction % 10 == 0 { return "\(hundredths / 100).\(fraction / 10)" }
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    @Test func oneWorkloadInOnePrecisionIsOneBarWithoutAMean() throws {
        let chart = try Self.chart([Self.measurement("a", "float32", ratio: "0.5", memory: "null")])
        #expect(chart.speed.bars.map(\.workload) == ["a"] && chart.memory.bars.isEmpty)
        #expect(!chart.svg.contains("bfloat16") && !chart.svg.contains("memory"))
    }

    @Test(arguments: [
        (["{"], "0.json: not JSON"),
        ([], "0.json: holds no measurement"),
        (["{\"workload\": \"a\"}"], "0.json: measurement 1: no \"precision\"; the output of concord-bench compare"),
        ([measurement("a", "float16")], "0.json: measurement 1, precision: "),
        (
            [measurement("a", "float32"), measurement("b", "float32", ratio: "null")],
            "0.json: measurement 2, ratio_to_best: there is none: PyTorch ran in none of its modes"
        ),
        ([measurement("a", "float32", ratio: "-1")], "0.json: measurement 1, ratio_to_best: -1.0 is no ratio"),
        ([measurement("a", "float32", memory: "0")], "0.json: measurement 1, memory_ratio: 0.0 is no ratio"),
        ([measurement("a", "float32", ratio: "\"2\"")], "0.json: measurement 1, ratio_to_best: "),
        (
            [measurement("a", "float32"), measurement("a", "float32")],
            "0.json: a in float32 was measured twice; give each once"
        ),
        (
            [measurement("a", "float32"), measurement("b", "float32", processor: "Other")],
            "0.json: processor: Other, and Example <9> in 0.json"
        ),
        ([measurement("a", "float32"), measurement("b", "float32", threads: 4)], "0.json: threads: 4, and 2 in"),
        (
            [measurement("a", "float32"), measurement("b", "float32", concord: "1.1")],
            "0.json: versions: Concord 1.1, PyTorch 2.9.0"
        ),
    ])
    func whatCannotBeDrawnIsNamed(lines: [String], message: String) {
        let error = #expect(throws: ChartError.self) { try Self.chart(lines) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }
}
