import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Runs carried out from Swift, several in one process.
struct SessionTests {
    @Test func oneProcessTrainsResumesAndReadsARun() throws {
        let folder = TemporaryFolder()
        var rows = "filepath\n"
        for n in 0..<12 {
            try Image(width: 8, height: 8, Image.Color(UInt8(20 * n), 90, 200)).write(jpeg: folder.file("\(n).jpg"))
            rows += "\(n).jpg\n"
        }
        try rows.write(toFile: folder.file("things.tsv"), atomically: true, encoding: .utf8)
        let recipe = folder.file("views.yaml"), run = folder.file("run")
        try """
        steps: 2
        batch: 4
        data: {path: things.tsv, columns: {image: filepath}, split: none}
        objective: {name: simclr, hidden: 8, dimension: 4}
        model: {image: {width: 4, stem: cifar}}
        views: {size: 8}
        """.write(toFile: recipe, atomically: true, encoding: .utf8)
        let data = folder.file("")
        var events: [TrainingEvent] = []
        let session = try TrainingSession(recipe: recipe, data: data, directory: run)
        #expect(try session.run(progress: .silent, catchesSignals: false) { events.append($0) } == .finished)
        #expect(
            events.map(Self.name) == ["start 3 steps", "fact", "untrained", "evaluated", "cost", "finished \(run)"],
            "\(events)"
        )
        events = []
        let more = try TrainingSession(recipe: nil, overrides: ["steps=4"], data: data, directory: run, isResumed: true)
        #expect(
            try more.run(progress: .silent, catchesSignals: false) { events.append($0) } == .finished,
            "the first session no longer holds the directory")
        #expect(
            events.map(Self.name) == [
                "start 3 steps", "fact", "resumed 2", "length", "evaluated", "cost", "finished \(run)",
            ], "\(events)")
        #expect(CheckpointDirectory(run + "/checkpoints").last?.step == 4)
        let index = try Run(run).index(images: [folder.file("0.jpg"), folder.file("1.jpg")])
        #expect(index.embeddings.shape == [2, 32])
    }

    private static func name(_ event: TrainingEvent) -> String {
        switch event {
        case .fact: "fact"
        case .note: "note"
        case .start(let start): "start \(start.stepsPerEpoch) steps"
        case .resumed(let step): "resumed \(step)"
        case .lengthChange: "length"
        case .untrained: "untrained"
        case .unreadableSamples: "unreadable"
        case .stoppedEarly: "early"
        case .evaluated: "evaluated"
        case .cost: "cost"
        case .finished(let directory): "finished \(directory)"
        case .interrupted: "interrupted"
        }
    }
}
