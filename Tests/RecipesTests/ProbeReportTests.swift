import ConcordDatasets
import ConcordEvaluation
import ConcordRecipes
import Foundation
import TestSupport
import Testing

/// Probes of a run's features on images of plain colors.
@Suite(.serialized) struct ProbeReportTests {
    private let folder = TemporaryFolder()

    private static func light(_ n: Int) -> Int { 120 + 100 * (n / 2 % 2) + n % 7 }
    private static func isGreen(_ n: Int) -> Bool { n % 10 == 9 }

    /// A run on 60 images: red and blue ones, of two brightnesses, and six green ones, all of which
    /// are held out and have no brightness.
    private func run() throws -> Run {
        var rows = "filepath\tcolor\tbrightness\tpart\tsame\n"
        for n in 0..<60 {
            let light = UInt8(Self.light(n)), isOdd = Self.isGreen(n)
            let color =
                isOdd ? Image.Color(10, light, 10) : n % 2 == 0 ? .init(light, 10, 10) : .init(10, 10, light)
            try Image(width: 16, height: 16, color).write(jpeg: folder.file("\(n).jpg"))
            let name = isOdd ? "green" : n % 2 == 0 ? "red" : "blue"
            rows += "\(n).jpg\t\(name)\t\(isOdd ? "" : "\(light)")\t\(isOdd || n < 20 ? "test" : "train")\tone\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
        try folder.train(
            "colors",
            """
            precision: float32
            steps: 2
            batch: 8
            data:
              path: rows.tsv
              columns: {image: filepath}
              labels: [color]
              split: {column: part, values: [test]}
            objective: {name: simclr}
            model: {image: {depth: 18, width: 4, stem: cifar}}
            views: {size: 16, jitter: 0.1, gray: 0}
            """)
        return try Run(folder.file("colors"))
    }

    @Test func itReportsLabelsCurvesClustersNumbersAndAnomalies() throws {
        var probe = Probe(try run())
        (probe.amounts, probe.draws, probe.clusters, probe.neighbors) = ([.perClass(2)], 3, true, 3)
        (probe.targets, probe.anomalies) = (["brightness"], ["color": ["green"]])
        let report = try probe.report(data: folder.file(""))
        #expect(report.trainingItems == 36 && report.heldOutItems == 24 && report.dimension == 32)

        let color = try #require(report.labels["color"])
        #expect(color.classes == 2 && color.unknown == ["green": 6], "no training row is green")
        #expect(try #require(color.linear).accuracy > 0.9)
        #expect(try #require(color.knn).accuracy > 0.9)
        let point = try #require(color.linearCurve?.points.first)
        #expect(point.count == 4 && point.scores.count == 3 && point.mean > 0.6)
        #expect(try #require(color.clusters).clusters == 2)

        let brightness = try #require(report.targets["brightness"])
        let known = (0..<60).filter { !Self.isGreen($0) }.map { (isHeldOut: $0 < 20, light: Double(Self.light($0))) }
        let training = known.filter { !$0.isHeldOut }, heldOut = known.filter(\.isHeldOut)
        let mean = training.reduce(0) { $0 + $1.light } / Double(training.count)
        let guessing = heldOut.reduce(0) { $0 + abs($1.light - mean) } / Double(heldOut.count)
        #expect(brightness.count == heldOut.count && brightness.mae < guessing / 2, "\(brightness), \(guessing)")
        let found = try #require(report.anomalies["color"])
        #expect(found.anomalies == 6 && found.normal == 18)
        #expect(try #require(found.auroc) > 0.9)
        #expect(report.table.contains("anomalies by distance"), "\(report.table)")
    }

    @Test func featuresAreReadBackFromDisk() throws {
        var probe = Probe(try run())
        probe.directory = folder.file("features")
        let first = try probe.report(data: folder.file(""))
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.file("features"))
        #expect(kept.count == 2, "of the training rows and of the held-out ones: \(kept)")
        let again = try probe.report(data: folder.file(""))
        #expect(again.labels["color"]?.linear == first.labels["color"]?.linear)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("features")).count == 2)

        probe.layer = ProbedLayer(0)
        #expect(try probe.report(data: folder.file("")).dimension != first.dimension)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("features")).count == 4)
    }

    /// What cannot be probed is a sentence, and the rest is reported.
    @Test func whatCannotBeProbedIsSaid() throws {
        var probe = Probe(try run())
        probe.labels = ["color", "colors", "same"]
        probe.anomalies = ["color": ["violet"]]
        let report = try probe.report(data: folder.file(""))
        #expect(report.labels.keys.sorted() == ["color"] && report.anomalies.isEmpty)
        let notes = report.notes.joined(separator: "\n")
        #expect(notes.contains("no column \"colors\"") && notes.contains("color"), "\(notes)")
        #expect(notes.contains("one class only (one)"), "\(notes)")
        #expect(notes.contains("0 of 24 are violet"), "\(notes)")

        probe.labels = ["same"]
        probe.anomalies = [:]
        #expect(throws: RecipeError.self) { try probe.report(data: folder.file("")) }
    }
}
