import ConcordDatasets
import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Classification and regression of a small world, from initial weights and from those of a run.
@Suite(.serialized) struct FineTuningTests {
    private let folder = TemporaryFolder()

    /// 60 images of stripes of three directions and widths; the brightness is a number, and every tenth row lacks both.
    private func write() throws {
        var rows = "filepath\tstripes\tbrightness\tsame\n"
        for n in 0..<60 {
            let kind = n % 3, period = kind < 2 ? 4 : 8, light = 120 + 2 * n
            let pixels = (0..<16 * 16).flatMap { place -> [UInt8] in
                let along = kind % 2 == 0 ? place % 16 : place / 16
                let isDark = (along + n) % period < period / 2
                return [UInt8(isDark ? 20 : light), UInt8(isDark ? 20 : light), UInt8(isDark ? 40 : light)]
            }
            try Image(pixels: Tensor(pixels, shape: [16, 16, 3])).write(jpeg: folder.file("\(n).jpg"))
            let isLabeled = n % 10 != 3
            rows += "\(n).jpg\t\(isLabeled ? "kind \(kind)" : "")\t\(isLabeled ? "\(light).5" : " ")\tone\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private static let yaml = """
        precision: float32
        steps: 8
        batch: 12
        data: {path: rows.tsv, columns: {image: filepath}, labels: [stripes], split: {column: filepath, modulo: 5}}
        model: {image: {depth: 18, width: 4, stem: cifar}}
        views: {size: 16, scale: 0.7, jitter: 0.1, gray: 0}
        optimizer: {learning_rate: 3e-3}
        schedule: {name: constant, warmup_steps: 4}
        checkpoint: {every: 10}
        """

    private func pretrained() throws -> Run {
        try write()
        try folder.train("simclr", "objective: {name: simclr}\n" + Self.yaml)
        return try Run(folder.file("simclr"))
    }

    private func run(_ tuning: FineTuning, _ name: String) throws -> [TrainingEvent] {
        var events: [TrainingEvent] = []
        try tuning.session(data: folder.file(""), directory: folder.file(name)).run(
            progress: .silent, catchesSignals: false) { events.append($0) }
        return events
    }

    private func facts(_ events: [TrainingEvent]) -> String {
        events.compactMap { if case .fact(let sentence) = $0 { sentence } else { nil } }.joined(separator: "\n")
    }

    @Test func aRunLearnsTheClassesAndIsARunLikeAnyOther() throws {
        var tuning = FineTuning(of: try pretrained(), label: "stripes")
        tuning.overrides = ["steps=60", "views.crop=whole", "precision=float32"]
        let events = try run(tuning, "tuned")
        let told = facts(events)
        #expect(told.contains("starting from") && !told.contains("not taken over"), "\(told)")
        #expect(told.contains("have nothing in column \"stripes\", and are not trained on"), "\(told)")
        let tuned = try Run(folder.file("tuned"))
        let report = try tuned.evaluate(data: folder.file(""))
        let found = try #require(report.classifier?["stripes"])
        #expect(found.classes == ["kind 0", "kind 1", "kind 2"])
        #expect(found.accuracy > 0.9, "\(found)")
        #expect(report.metrics.contains { $0.name == "classifier.stripes.accuracy" && $0.isBetter == .higher })
        #expect(try tuned.embed(images: [folder.file("0.jpg")]).shape == [1, 32])
        let ranking = try tuned.rankClasses(of: [folder.file("0.jpg"), folder.file("1.jpg")], .image, count: 3)
        #expect(ranking.answers.map { $0.classes[0].name } == ["kind 0", "kind 1"])
        #expect(abs(ranking.answers[0].classes.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
    }

    @Test func aStoppedRunGoesOnBitForBit() throws {
        var tuning = FineTuning(of: try pretrained(), label: "stripes")
        tuning.encoder = .layerDecay(0.8)
        tuning.patience = 50
        // A schedule that does not depend on the length, so that a run of half of it is the first half.
        tuning.overrides = [
            "steps=12", "checkpoint.every=6", "objective.dropout=0.2", "schedule={name: constant, warmup_steps: 2}",
        ]
        _ = try run(tuning, "whole")
        tuning.overrides[0] = "steps=6"
        _ = try run(tuning, "parts")
        try folder.train("parts", "", ["steps=12"], resumed: true)
        #expect(try folder.logged("loss", "parts") == folder.logged("loss", "whole"))
        #expect(try Run(folder.file("parts")).fingerprint == Run(folder.file("whole")).fingerprint)
    }

    @Test func aFrozenEncoderStaysAsItIs() throws {
        let source = try pretrained()
        var tuning = FineTuning(of: source, label: "stripes")
        tuning.encoder = .frozen
        tuning.overrides = ["steps=10"]
        _ = try run(tuning, "frozen")
        let paths = [folder.file("5.jpg")]
        let before = try source.embed(images: paths), after = try Run(folder.file("frozen")).embed(images: paths)
        #expect(before.scalars == after.scalars)
    }

    @Test func fewLabelsAreDrawnClassByClass() throws {
        var tuning = FineTuning(of: try pretrained(), label: "stripes")
        (tuning.subset, tuning.isFromScratch) = (.perClass(2), true)
        tuning.overrides = ["steps=2"]
        let told = facts(try run(tuning, "few"))
        #expect(told.contains("6 of ") && told.contains("2 of each stripes, draw 0"), "\(told)")
        #expect(!told.contains("starting from"))
        tuning.subset = .perClass(1000)
        #expect(facts(try run(tuning, "all")).contains("fewer rows than asked for of 3 classes: kind 0, kind 1, kind 2"))
    }

    @Test func numbersAreLearnedInTheirUnit() throws {
        var tuning = FineTuning(of: try pretrained(), target: "brightness")
        tuning.overrides = ["steps=80", "views.crop=whole", "objective.loss=huber"]
        _ = try run(tuning, "numbers")
        let report = try Run(folder.file("numbers")).evaluate(data: folder.file(""))
        let found = try #require(report.regression?["brightness"])
        #expect(found.mae < 20 && found.r2 ?? -1 > 0.3, "\(found)")
    }

    @Test func faultsNameTheColumn() throws {
        let source = try pretrained()
        func message(_ tuning: FineTuning) -> String {
            do {
                _ = try run(tuning, "fault")
                return ""
            } catch { return "\(error)" }
        }
        let missing = message(FineTuning(of: source, label: "strips"))
        #expect(missing.contains("strips") && missing.contains("stripes"), "\(missing)")
        let single = message(FineTuning(of: source, label: "same"))
        #expect(single.contains("objective.label") && single.contains("one class"), "\(single)")
        let words = message(FineTuning(of: source, target: "stripes"))
        #expect(words.contains("rows.tsv:") && words.contains("\"stripes\"") && words.contains("no number"), "\(words)")
        var other = FineTuning(of: source, label: "stripes")
        other.input = "images"
        #expect(message(other).contains("no input images"))
    }

    @Test func validationRowsChooseTheCheckpoint() throws {
        var tuning = FineTuning(of: try pretrained(), label: "stripes")
        tuning.patience = 2
        tuning.overrides = ["epochs=40", "data.validation=0.25", "views.crop=whole"]
        let events = try run(tuning, "early")
        #expect(facts(events).contains("kept from training to validate on"), "\(facts(events))")
        #expect(events.contains { if case .stoppedEarly(_, let metric, 2) = $0 { metric == "validation.stripes.accuracy" } else { false } })
    }
}
