import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import Synchronization
import TestSupport
import Testing

/// A user's objective whose evaluation gives a metric that is better the lower it is.
@Suite(.serialized) struct EvaluationTests {
    /// SimCLR under another name, with an evaluation of its own.
    private struct Drifting: ObjectiveRecipe {
        static let name = "drifting"
        let inner: SimCLRRecipe

        init(_ fields: Fields, data: DataSettings) throws { inner = try SimCLRRecipe(fields, data: data) }
        func needs(_ data: DataSettings) throws -> DataNeeds { try inner.needs(data) }
        func task(_ parts: RecipeParts) throws -> TrainingTask {
            var task = try inner.task(parts)
            task.evaluations.append(Drift())
            return task
        }
    }

    /// Errors as a script gives them, one a call; what it sees of the data is kept.
    private struct Drift: Evaluation {
        static let script = Mutex<(errors: [Double], calls: Int)>(([], 0))
        static let seen = Mutex<[(names: [String], shape: [Int], tones: [String])]>([])

        func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
            let error = Self.script.withLock { script in
                defer { script.calls += 1 }
                return script.errors[min(script.calls, script.errors.count - 1)]
            }
            if let items = try data.items(of: .image) {
                let tones = try data.values(of: "tone", for: .image).map(\.value)
                Self.seen.withLock { $0.append((items.names, items.embeddings.shape, tones)) }
            }
            data.note("drift is scripted")
            return EvaluationSection("drift", [Metric("error", error, isBetter: .lower)])
        }
    }

    /// Twelve images of one color each, of two tones; the last four are held out.
    private struct World {
        let folder = TemporaryFolder()
        var run: String { folder.file("run") }
        var lines: [[String: Any]] {
            get throws {
                try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
                    try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
                }
            }
        }

        init() throws {
            Recipe.register(Drifting.self)
            var rows = "filepath\ttitle\ttone\tpart\n"
            for n in 0..<12 {
                try Image(width: 8, height: 8, Image.Color(UInt8(20 * n), 90, 200)).write(jpeg: folder.file("\(n).jpg"))
                rows += "\(n).jpg\tthing \(n)\t\(n % 2 == 0 ? "dark" : "pale")\t\(n < 8 ? "train" : "test")\n"
            }
            try rows.write(toFile: folder.file("things.tsv"), atomically: true, encoding: .utf8)
        }

        /// Trains with a script of errors.
        /// - Returns: how often the evaluation was made.
        func train(_ errors: [Double], labels: String = "[]", _ overrides: String...) throws -> Int {
            Drift.script.withLock { $0 = (errors, 0) }
            Drift.seen.withLock { $0 = [] }
            let recipe = folder.file("drifting.yaml")
            try """
            steps: 4
            batch: 4
            data:
              path: things.tsv
              columns: {image: filepath}
              labels: \(labels)
              split: {column: part, values: [test]}
            objective: {name: drifting, hidden: 8, dimension: 4}
            model: {image: {width: 4, stem: cifar}}
            views: {size: 8}
            checkpoint: {keep: 4, every: 1}
            """.write(toFile: recipe, atomically: true, encoding: .utf8)
            try TrainingSession(recipe: recipe, overrides: overrides, data: folder.path, directory: run).run(
                progress: .silent, catchesSignals: false)
            return Drift.script.withLock { $0.calls }
        }
    }

    @Test func theBestCheckpointFollowsAMetricThatIsBetterTheLowerItIs() throws {
        let world = try World()
        // untrained, then after each of four steps
        let calls = try world.train([9, 5, 2, 3, 4], "checkpoint.best=drift.error", "evaluate.every=1")
        #expect(calls == 5, "the last step's evaluation is not made again for the summary")
        #expect(try CheckpointDirectory(world.run + "/checkpoints").best()?.step == 2)
        let logged = try world.lines.map { ($0["evaluation"] as? [String: Double])?["drift.error"] }
        #expect(logged == [5, 2, 3, 4])
    }

    @Test func itStopsEarlyWhenALowerIsBetterMetricRises() throws {
        let world = try World()
        let calls = try world.train(
            [9, 2, 3, 4, 1], "early_stopping.metric=drift.error", "early_stopping.patience=2", "evaluate.every=1")
        #expect(calls == 4)
        #expect(try world.lines.count == 3)
    }

    @Test func withoutAHookThereIsOneEvaluationBeforeTrainingAndOneAfterIt() throws {
        #expect(try World().train([9]) == 2)
    }

    @Test func theGeometryOfTheEmbeddingsNeedsNoLabel() throws {
        let world = try World()
        _ = try world.train(
            [1], "checkpoint.best=embedding_geometry.image.effective_rank", "evaluate.every=1")
        let report = try Run(world.run).evaluate(data: world.folder.path)
        let found = try #require(report.embeddingGeometry)
        let image = try #require(found.inputs["image"])
        #expect(found.inputs.count == 1 && found.alignment.isEmpty, "one input has no pairs")
        #expect(image.items == 4 && image.dimensions == 32 && image.pairs == 6)
        let unit = try Run(world.run).embed(images: (8..<12).map { world.folder.file("\($0).jpg") })
        let uniformity = try #require(Uniformity(unit).value)
        #expect(abs(try #require(image.uniformity) - uniformity) < 1e-5)
        #expect(try (1...4).contains(#require(image.effectiveRank)))
        let ranks = try world.lines.compactMap {
            ($0["evaluation"] as? [String: Double])?["embedding_geometry.image.effective_rank"]
        }
        let best = try CheckpointDirectory(world.run + "/checkpoints").best()?.step
        #expect(ranks.count == 4 && best == ranks.indices.max { ranks[$0] < ranks[$1] }.map { $0 + 1 })
    }

    @Test func anEvaluationSeesTheHeldOutItemsAndItsSectionIsInTheReport() throws {
        let world = try World()
        _ = try world.train([0.25], labels: "[tone]")
        let seen = try #require(Drift.seen.withLock { $0.last })
        #expect(seen.names == (8..<12).map { world.folder.file("\($0).jpg") })
        #expect(seen.shape == [4, 32])
        #expect(seen.tones == ["dark", "pale", "dark", "pale"])
        let report = try Run(world.run).evaluate(data: world.folder.path)
        #expect(report.sections.map(\.name) == ["knn", "linear_probe", "embedding_geometry", "drift", "loss"])
        #expect(report.metrics.contains(Metric("drift.error", 0.25, isBetter: .lower)))
        #expect(report.notes == ["drift is scripted"])
        #expect(
            report.table.contains(
                """
                drift                          error
                held out                       0.250
                """), "\(report.table)")
    }
}
