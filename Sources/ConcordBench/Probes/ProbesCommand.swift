import ArgumentParser
import Concord

struct ProbesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probes",
        abstract: "Times fits of the linear probe, nearest neighbors and k-means.",
        discussion:
            """
            Embeddings are random mixtures of classes. With --python scikit-learn does the same on the same numbers, \
            alternating with Concord.
            """)

    @Option(help: "Embeddings to fit to.") var samples = 50000
    @Option(help: "Embeddings to classify.") var queries = 10000
    @Option(help: "Their dimension.") var dimension = 512
    @Option(help: "Classes, and clusters of k-means.") var classes = 100
    @Option(help: "A Python with scikit-learn.") var python: String?
    @OptionGroup var options: BenchOptions

    func validate() throws {
        if min(samples, queries, dimension, classes) < 1 {
            throw ValidationError("--samples, --queries, --dimension and --classes must be 1 or more")
        }
    }

    func run() throws {
        options.apply()
        let bench = ProbeBench(samples: samples, queries: queries, dimension: dimension, classes: classes)
        let baseline = try python.map { try ScikitLearnBaseline(python: $0, bench) }
        defer { baseline?.remove() }
        var timings: [ProbeTimings] = []
        for kind in ProbeKind.allCases where kind != .linearTight || baseline != nil {
            var own: [ProbeMeasurement] = [], others: [ProbeMeasurement] = []
            for _ in 0..<options.repeats {
                own.append(bench.measure(kind))
                if let baseline { others.append(try baseline.measure(kind)) }
            }
            timings.append(ProbeTimings(kind, own, baseline: others))
        }
        if options.json { return print(try JSON.text(timings)) }
        print(ProbeTimings.heading)
        for timing in timings { print(timing.row) }
        print("\n\(Threads.count) threads; \(Kernels.description)")
    }
}

/// The runs of one kind.
struct ProbeTimings: Codable {
    let name: String
    let seconds: Timing
    let own: ProbeMeasurement
    let baselineSeconds: Timing?
    let baseline: ProbeMeasurement?

    /// - Parameters: own, baseline: what was measured; own is not empty.
    init(_ kind: ProbeKind, _ own: [ProbeMeasurement], baseline: [ProbeMeasurement]) {
        name = kind.rawValue
        seconds = Timing(own.map(\.seconds))
        self.own = own[0]
        baselineSeconds = baseline.isEmpty ? nil : Timing(baseline.map(\.seconds))
        self.baseline = baseline.first
    }

    static let heading =
        "".left(20) + "seconds".right(9) + "scikit-learn".right(14) + "ratio".right(8) + "quality".right(11)
        + "theirs".right(11) + "objective".right(14) + "theirs".right(14) + "evaluations".right(13) + "theirs".right(8)

    var row: String {
        func text(_ value: Double?, _ decimals: Int, _ width: Int) -> String {
            (value.map { $0 == 0 ? "" : $0.decimals(decimals) } ?? "").right(width)
        }
        return name.left(20) + seconds.median.decimals(2).right(9) + text(baselineSeconds?.median, 2, 14)
            + text(baselineSeconds.map { seconds.median / $0.median }, 2, 8) + text(own.quality, 4, 11)
            + text(baseline?.quality, 4, 11) + text(own.objective, 2, 14) + text(baseline?.objective, 2, 14)
            + text(Double(own.evaluations), 0, 13) + text(baseline.map { Double($0.evaluations) }, 0, 8)
    }
}
