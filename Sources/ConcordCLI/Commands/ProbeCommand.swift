import ArgumentParser
import Concord
import ConcordThreadOptions
import Foundation

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "What a run's features say of labels: linear probe, k-NN, few-label curves, clusters, anomalies.",
        discussion: """
            Probes are fitted on the training rows and tried on the held-out ones. Features are kept in RUN/features: \
            the next call reads them back.

              concord probe runs/photos --data photos                                  the labels of the recipe
              concord probe runs/photos --data photos --label category --label color   several
              concord probe runs/photos --data photos --fraction 0.01 0.1 --per-class 5   few labels, five draws each
              concord probe runs/photos --data photos --layer -2 --pooling mean        the last layer but one
              concord probe runs/photos --data photos --cluster                        k-means, without labels
              concord probe runs/photos --data photos --anomaly category=broken        distance from all others
            """)

    @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var directory: String
    @Option(help: "The directory that the recipe's data paths start from.") var data: String
    @Option(parsing: .upToNextOption, help: "Columns of classes; by default those of the recipe (data.labels).")
    var label: [String] = []
    @Option(parsing: .upToNextOption, help: "Columns of numbers: ridge regression.") var target: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Held-out items of these values as anomalies, scored by their distance from training items of other values.",
            valueName: "column=value,value"))
    var anomaly: [String] = []
    @Option(help: "The run's input that is probed; by default its first of files, else its first.") var input: String?
    @Option(
        parsing: .unconditional,
        help: "A layer of the encoder: from 0, or below 0 from the end; by default the encoder's output.")
    var layer: Int?
    @Option(help: "How a layer's steps become one vector: \(LayerOutput.Pooling.allCases.map(\.rawValue).joined(separator: ", ")).")
    var pooling: String?
    @Option(parsing: .upToNextOption, help: "Also with these fractions of each class's labels, such as 0.01 0.1.")
    var fraction: [Double] = []
    @Option(parsing: .upToNextOption, help: "Also with so many labels of each class.") var perClass: [Int] = []
    @Option(help: "Draws of each of these.") var draws = 5
    @Option(name: .customLong("strength"), help: "C of the linear probe; by default chosen by five folds of the training rows, from 2000 on by a fifth.")
    var strength: Double?
    @Option(help: "Neighbors that vote in k-NN.") var neighbors = 200
    @Flag(help: "Linear probes alone, without k-NN.") var linearOnly = false
    @Flag(help: "Cluster the held-out items too, into as many clusters as there are classes.") var cluster = false
    @Option(help: "So many clusters.") var clusters: Int?
    @Option(help: "Where features are kept; by default RUN/features.") var features: String?
    @Flag(help: "Compute features again, and keep none.") var noFeatures = false
    @Option(
        name: .customLong("set"),
        help: "key=value: overrides one key of the recipe's data, views, loader or batch, such as data.held_out=test.tsv.")
    var overrides: [String] = []
    @Flag(help: "Print one JSON object instead of tables.") var json = false
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard layer != nil || pooling == nil else {
            throw ValidationError("--pooling is of a layer's steps; give --layer too, or leave it out")
        }
        guard pooling.map({ LayerOutput.Pooling(rawValue: $0) != nil }) ?? true else {
            throw ValidationError(
                "--pooling wants one of \(LayerOutput.Pooling.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        for text in anomaly where anomalies(text) == nil {
            throw ValidationError("--anomaly wants column=value, or column=value,value, not \(text)")
        }
        for fraction in fraction where !(fraction > 0 && fraction <= 1) {
            throw ValidationError("--fraction wants numbers above 0 and up to 1, not \(fraction)")
        }
        for count in perClass where count < 1 { throw ValidationError("--per-class wants 1 or more, not \(count)") }
        guard (1...1000).contains(draws) else { throw ValidationError("--draws wants 1 to 1000, not \(draws)") }
        guard neighbors > 0 else { throw ValidationError("--neighbors wants 1 or more, not \(neighbors)") }
        if let strength, !(strength > 0 && strength.isFinite) {
            throw ValidationError("--strength wants a number above 0, not \(strength)")
        }
        if let clusters, clusters < 1 { throw ValidationError("--clusters wants 1 or more, not \(clusters)") }
        guard features == nil || !noFeatures else { throw ValidationError("give --features or --no-features, not both") }
    }

    private func anomalies(_ text: String) -> (column: String, values: [String])? {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
        let values = text[text.index(after: sign)...].split(separator: ",").map(String.init)
        return values.isEmpty ? nil : (String(text[..<sign]), values)
    }

    func run() throws {
        threads.apply()
        let run = try Run(directory)
        var probe = Probe(run)
        (probe.labels, probe.targets, probe.input) = (label, target, input)
        for (column, values) in anomaly.compactMap(anomalies) { probe.anomalies[column, default: []].formUnion(values) }
        probe.layer = layer.map { ProbedLayer($0, pooling: LayerOutput.Pooling(rawValue: pooling ?? "") ?? .mean) }
        if linearOnly { probe.classifiers = [.linear] }
        (probe.strength, probe.neighbors, probe.draws) = (strength, neighbors, draws)
        probe.amounts = fraction.map { .fraction($0) } + perClass.map { .perClass($0) }
        (probe.clusters, probe.clusterCount) = (cluster || clusters != nil, clusters)
        probe.directory = noFeatures ? nil : features ?? RunDirectory(directory).path + "/features"
        let isTerminal = isatty(STDERR_FILENO) == 1
        let report = try probe.report(data: data, overrides: overrides) { step in
            if isTerminal { StandardError.line("concord: \(step)") }
        }
        var output = StandardOutput()
        if json { try output.json(report) } else { try output.line(report.table) }
        try output.finish()
        let isMissing =
            label.contains { report.labels[$0] == nil } || target.contains { report.targets[$0] == nil }
            || probe.anomalies.keys.contains { report.anomalies[$0] == nil }
        if isMissing { throw ExitCode.failure }
    }
}
