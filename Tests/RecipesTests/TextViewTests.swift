import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordObjectives
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Objectives over texts alone, and probes of texts.
@Suite(.serialized) struct TextViewTests {
    private let folder = TemporaryFolder()
    private static let topics = [
        ["red", "green", "blue", "yellow"], ["one", "two", "three", "four"], ["cat", "dog", "cow", "horse"],
    ]

    /// Sentences of three topics, in an order that no word tells.
    private func write() throws {
        var rows = "sentence\ttopic\n"
        for n in 0..<240 {
            let words = Self.topics[n % 3]
            let chosen = (0..<4).map { words[(n / 3 * 7 + $0 * $0 * 3 + n / 11) % 4] }
            rows += "\(chosen.joined(separator: " "))\t\(n % 3)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private static let yaml = """
        steps: 40
        batch: 24
        data: {path: rows.tsv, columns: {text: sentence}, labels: [topic], split: {column: sentence, modulo: 4}}
        objective: {name: simcse}
        model: {text: {width: 16, depth: 1, heads: 2, context: 8, pooling: mean, dropout: 0.1}}
        optimizer: {learning_rate: 3e-3}
        schedule: {warmup_steps: 2}
        checkpoint: {every: 10}
        """

    private func train(_ name: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(name, Self.yaml, overrides, resumed: resumed)
    }

    @Test func textsThatDifferByDropoutFindEachOther() throws {
        try write()
        try train("run")
        let run = try Run(folder.file("run"))
        let losses = try folder.logged("loss", "run")
        // ln 24 is 3.18; many sentences are there twice.
        #expect(try #require(losses.first) < 3.3 && #require(losses.last) < 1.9, "\(losses)")
        let report = try run.evaluate(data: folder.file(""))
        #expect(try #require(report.knn?["topic"]).accuracy > 0.9, "\(report.table)")
        #expect(report.linearProbe?["topic"] != nil)
        #expect(try run.embed(texts: ["a red cat"]).shape == [1, 16])
    }

    @Test func resumedItIsTheSameBits() throws {
        try write()
        try train("whole", ["steps=20", "schedule.name=constant"])
        try train("parts", ["steps=10", "schedule.name=constant"])
        try train("parts", ["steps=20"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
    }

    @Test func withoutDropoutThereAreNoTwoViews() throws {
        try write()
        let error = #expect(throws: RecipeError.self) { try train("run", ["model.text.dropout=0"]) }
        #expect(error?.description.contains("model.text.dropout") ?? false, "\(error?.description ?? "")")
    }

    /// The loss of equal embeddings is ln N; that of PyTorch's form is a cross-entropy one way.
    @Test func theLossIsACrossEntropyOneWay() {
        let loss = SampledSoftmax(temperature: .fixed(0.05)), z = hashed("z", [5, 4]), other = hashed("other", [5, 4])
        let chance = loss.views(Tensor(ones: [5, 4]), Tensor(ones: [5, 4]), labels: nil).item
        #expect(abs(chance - Float(log(5.0))) < 1e-5)
        let logits = z.l2Normalized().matmul(other.l2Normalized(), transposing: .right) / 0.05
        let expected = logits.crossEntropy(labels: Tensor([Int32(0), 1, 2, 3, 4], shape: [5]))
        #expect(abs(loss.views(z, other, labels: nil).item - expected.item) < 1e-5)
    }
}
