import ConcordDatasets
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// What a run costs, as measured before it and as counted in it.
struct EstimateTests {
    private let folder = TemporaryFolder()

    private static let yaml = """
        steps: 300
        batch: 8
        data: {path: things.tsv, columns: {image: filepath}, labels: [tone], split: {column: filepath, modulo: 4}}
        objective: {name: simclr, hidden: 16, dimension: 8}
        model: {image: {width: 4, stem: cifar}}
        views: {size: 16}
        checkpoint: {every: 100}
        """

    private func makeData() throws {
        var rows = "filepath\ttone\n"
        for n in 0..<48 {
            try Image(width: 16, height: 16, Image.Color(UInt8(5 * n), 90, 200)).write(jpeg: folder.file("\(n).jpg"))
            rows += "\(n).jpg\t\(n % 2)\n"
        }
        try folder.write(rows, to: "things.tsv")
        try folder.write(Self.yaml, to: "views.yaml")
    }

    @Test func anEstimateWritesNothingAndIsOfTheRightOrder() throws {
        try makeData()
        let before = folder.contents
        let estimate = try Recipe(named: folder.file("views.yaml")).estimate(data: folder.path, measuring: 0.5)
        #expect(folder.contents == before)
        #expect(estimate.steps == 300 && estimate.evaluations == 2 && estimate.checkpoints == 3)
        #expect(estimate.measuredSteps >= 4 && estimate.evaluationSeconds > 0 && estimate.startSeconds > 0)

        var reported: RunCost?
        try TrainingSession(recipe: folder.file("views.yaml"), data: folder.path, directory: folder.file("run")).run(
            progress: .silent, catchesSignals: false
        ) { event in
            if case .cost(let cost) = event { reported = cost }
        }
        let cost = try #require(reported)
        #expect(cost.steps == 300)
        // every batch has one shape: the mean of the measured steps is each step's
        #expect(estimate.multiplyAddsPerStep.convolution * 300 == cost.multiplyAdds.convolution)
        #expect(estimate.multiplyAddsPerStep.matmul * 300 == cost.multiplyAdds.matmul)
        #expect(cost.multiplyAdds.convolution > 10 * cost.multiplyAdds.matmul && cost.multiplyAdds.matmul > 0)
        #expect(
            (0.3...3).contains(estimate.seconds / cost.wallSeconds), "\(estimate.seconds) for \(cost.wallSeconds) s")
        // the process is that of the tests, whose peak may be another's
        #expect(estimate.peakResidentBytes > 10 << 20)
        let object = try #require(JSONSerialization.jsonObject(with: Data(estimate.json.utf8)) as? [String: Any])
        #expect(object["steps"] as? Int == 300)
        #expect(object["peak_resident_bytes"] as? Int == estimate.peakResidentBytes)
        let files = try CheckpointDirectory(folder.file("run/checkpoints")).entries.last.map { entry in
            try [entry.model, entry.optimizer].map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
                .reduce(0, +)
        }
        let ratio = Double(estimate.checkpointBytes) / Double(try #require(files))
        #expect((0.8...1).contains(ratio), "headers are not in it: \(ratio)")
    }

    @Test func aRunsCostIsInItsDirectoryAndAResumedOneGoesOnWithIt() throws {
        try makeData()
        let run = folder.file("run")
        func cost() throws -> [String: Any] {
            let data = try Data(contentsOf: URL(fileURLWithPath: run + "/cost.json"))
            return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        try TrainingSession(
            recipe: folder.file("views.yaml"), overrides: ["steps=5"], data: folder.path, directory: run
        ).run(progress: .silent, catchesSignals: false)
        let first = try cost(), lines = try folder.logged("convolution", "run")
        #expect(first["steps"] as? Int == 5)
        #expect((first["multiply_adds"] as? [String: Int])?["convolution"] == 5 * Int(lines[0]))
        #expect(first["joules"] != nil || first["energy_absence"] != nil)
        #expect(try #require(first["gigaflops_per_second"] as? Double) > 0)
        try TrainingSession(
            recipe: nil, overrides: ["steps=8"], data: folder.path, directory: run, isResumed: true
        ).run(progress: .silent, catchesSignals: false)
        let second = try cost()
        #expect(second["steps"] as? Int == 8)
        #expect((second["multiply_adds"] as? [String: Int])?["convolution"] == 8 * Int(lines[0]))
        for key in ["wall_seconds", "step_seconds", "processor_seconds", "bytes_read", "bytes_written"] {
            #expect(try #require(second[key] as? Double) > #require(first[key] as? Double), "\(key)")
        }
        let steps = try folder.logged("steps", "run")
        #expect(steps == (1...8).map(Double.init))
    }
}
