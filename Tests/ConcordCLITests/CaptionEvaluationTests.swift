import Concord
import Foundation
import TestSupport
import Testing

/// Retrieval over several captions an item, against a calculation from the embeddings that `embed` wrote.
@Suite struct CaptionEvaluationTests {
    @Test(arguments: [Modality.image, .audio]) func theReportIsTheCalculationPerItem(modality: Modality) throws {
        let world = try CaptionWorld(), run = world.run("run")
        let trained = try CommandLineTool.run("train", world.recipe(modality), "--data", world.data, "--out", run)
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output.contains("300 of 300 rows name a file that another row names too"), "\(trained.output)")
        #expect(trained.output.contains("40 of 300 rows have a text that occurs more than once"), "\(trained.output)")
        #expect(trained.output.contains("objective.positives: items"))

        let evaluation = try CommandLineTool.run("evaluate", run, "--data", world.data, "--json")
        let report = try JSONDecoder().decode(EvaluationReport.self, from: Data(evaluation.output.utf8))
        let captions = (0..<CaptionWorld.items).flatMap { item in (0..<5).map { CaptionWorld.caption(item, $0) } }
        let texts = world.folder.path + "/captions.txt"
        try captions.joined(separator: "\n").write(toFile: texts, atomically: true, encoding: .utf8)
        let fileIndex = world.run("files.safetensors"), textIndex = world.run("texts.safetensors")
        let files = (0..<CaptionWorld.items).map { world.data + "/" + world.file(modality, $0) }
        let option = modality == .image ? "--images" : "--audio"
        #expect(try CommandLineTool.run(["embed", run, option] + files + ["--out", fileIndex]).status == 0)
        #expect(try CommandLineTool.run("embed", run, "--texts", texts, "--out", textIndex).status == 0)

        let fileRows = Self.rows(try EmbeddingIndex(path: fileIndex)),
            textRows = Self.rows(try EmbeddingIndex(path: textIndex))
        let distinct = Array(Set(captions)).sorted()
        #expect(distinct.count == 280)
        // An item is right for every text that is a caption of it.
        let ownTexts = (0..<CaptionWorld.items).map { item in Set((0..<5).map { CaptionWorld.caption(item, $0) }) }
        let items = files.map { fileRows[$0] ?? [] }, words = distinct.map { textRows[$0] ?? [] }
        let name = modality.rawValue
        Self.expect(
            report.retrieval?["\(name)_to_text"], queries: items, candidates: words
        ) { ownTexts[$0].contains(distinct[$1]) }
        Self.expect(
            report.retrieval?["text_to_\(name)"], queries: words, candidates: items
        ) { ownTexts[$1].contains(distinct[$0]) }
        // Pairs of items and their captions, each once.
        let pairs = ownTexts.indices.flatMap { item in
            distinct.indices.filter { ownTexts[item].contains(distinct[$0]) }.map { (items[item], words[$0]) }
        }
        let geometry = try #require(report.embeddingGeometry), alignment = try #require(geometry.alignment.values.first)
        #expect(geometry.alignment.count == 1 && alignment.pairs == pairs.count)
        #expect(abs(try #require(alignment.value) - Self.meanSquaredDistance(pairs)) < 1e-4)
        #expect(geometry.inputs["text"]?.items == 280 && geometry.inputs[name]?.items == CaptionWorld.items)
        // It has learned: by row instead of by item no more than a fifth of the captions could be found first.
        #expect(report.retrieval?["\(name)_to_text"]?.r10 ?? 0 > 10.0 / 280)
    }

    /// Of unit vectors, a pair each.
    private static func meanSquaredDistance(_ pairs: [([Double], [Double])]) -> Double {
        let distances = pairs.map { a, b in
            func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
            return 2 - 2 * dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
        return distances.reduce(0, +) / Double(pairs.count)
    }

    private static func rows(_ index: EmbeddingIndex) -> [String: [Double]] {
        let width = index.embeddings.shape[1], values = index.embeddings.scalars
        var result: [String: [Double]] = [:]
        for (row, name) in index.names.enumerated() {
            result[name] = values[row * width..<(row + 1) * width].map(Double.init)
        }
        return result
    }

    /// Recall with the order of near-equal scores (rounding) taken against and for the right answers.
    private static func expect(
        _ found: Retrieval?, queries: [[Double]], candidates: [[Double]], isRight: (Int, Int) -> Bool
    ) {
        guard let found else {
            Issue.record("no such direction")
            return
        }
        #expect(found.queries == queries.count && found.candidates == candidates.count)
        var least: [Double] = [], most: [Double] = []
        for (q, query) in queries.enumerated() {
            let scores = candidates.map { zip(query, $0).reduce(0) { $0 + $1.0 * $1.1 } }
            let best = scores.indices.filter { isRight(q, $0) }.map { scores[$0] }.max() ?? -2
            let wrong = scores.indices.filter { !isRight(q, $0) }
            least.append(Double(wrong.count { scores[$0] > best + 1e-6 }))
            most.append(Double(wrong.count { scores[$0] > best - 1e-6 }))
        }
        for (k, value) in [(1.0, found.r1), (5, found.r5), (10, found.r10)] {
            let low = Double(most.count { $0 < k }) / Double(most.count),
                high = Double(least.count { $0 < k }) / Double(least.count)
            #expect(low - 1e-12 <= value && value <= high + 1e-12, "R@\(k) \(value), calculated \(low) to \(high)")
            #expect(high - low < 0.1, "ties leave nothing to compare")
        }
        func median(_ ranks: [Double]) -> Double {
            let sorted = ranks.sorted()
            return 1 + (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        #expect(median(least) <= found.medianRank && found.medianRank <= median(most))
    }
}
