import ConcordInterchange
import ConcordRecipes
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct EmbeddingIndexTests {
    private func path() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".safetensors").path
    }

    @Test func anIndexComesBackAsItWasWritten() throws {
        let file = path()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let index = EmbeddingIndex(embeddings: hashed("index", [5, 3]), names: ["a", "", "née", "日本", "a b"])
        try index.write(to: file)
        let again = try EmbeddingIndex(path: file)
        #expect(again.names == index.names)
        expectClose(again.embeddings, index.embeddings, tolerance: 1e-6)
    }

    @Test func theNearestComesFirst() throws {
        let index = EmbeddingIndex(
            embeddings: Tensor([1, 0, 0, 2, 3, 3], shape: [3, 2]), names: ["east", "north", "between"])
        let hits = try index.search(Tensor([0.1, 5], shape: [1, 2]), count: 2)
        #expect(hits.map(\.name) == ["north", "between"])
        #expect(throws: RecipeError.self) { try index.search(Tensor([1, 2, 3], shape: [1, 3]), count: 1) }
        let two = #expect(throws: RecipeError.self) { try index.search(Tensor(ones: [2, 2]), count: 1) }
        #expect(two?.description == "2 queries where one is searched for; search(each:) takes any")
    }

    @Test func anotherFileIsNoIndex() throws {
        let file = path()
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Safetensors.write([(name: "x", tensor: Tensor([1], shape: [1]))], metadata: [:], to: file)
        #expect(throws: RecipeError.self) { try EmbeddingIndex(path: file) }
        try Safetensors.write(
            [
                (name: "embeddings", tensor: Tensor(ones: [2, 2])),
                (name: "names", tensor: Tensor([UInt8(65)], shape: [1])),
                (name: "offsets", tensor: Tensor([Int32(0), 9, 1], shape: [3])),
            ], metadata: [:], to: file)
        #expect(throws: RecipeError.self) { try EmbeddingIndex(path: file) }
    }

    @Test func partsAndSourceComeBack() throws {
        let file = path()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let source = IndexSource(
            modality: .audio, weights: "00ff", tokenizer: nil, checkpoint: "runs/a/step.safetensors")
        let index = EmbeddingIndex(
            embeddings: hashed("index", [3, 4]), names: ["a.wav", "a.wav", "b.wav"], seconds: [0..<2, 1.5..<3.5, nil],
            source: source)
        try index.write(to: file)
        let again = try EmbeddingIndex(path: file)
        #expect(again.seconds == [0..<2, 1.5..<3.5, nil] && again.source == source && again.names == index.names)
        #expect(try again.search(index.embeddings.sliced(1..<2, axis: 0), count: 1).first?.seconds == 1.5..<3.5)
    }

    /// Short lists and long ones are chosen by different means.
    @Test func everyCountGivesTheSameOrder() throws {
        let names = (0..<600).map(String.init)
        let index = EmbeddingIndex(embeddings: hashed("many", [600, 5]), names: names)
        let queries = hashed("queries", [3, 5])
        let all = try index.search(each: queries, count: 600), few = try index.search(each: queries, count: 7)
        #expect(all.allSatisfy { Set($0.map(\.name)).count == 600 } && all.count == 3)
        let asIndex = EmbeddingIndex(embeddings: queries, names: ["a", "b", "c"])
        #expect(try index.search(each: asIndex, count: 7) == few)
        #expect(throws: RecipeError.self) { try index.search(each: Tensor(1), count: 1) }
        for (long, short) in zip(all, few) { #expect(Array(long.prefix(7)) == short) }
        #expect(zip(all[0], all[0].dropFirst()).allSatisfy { $0.similarity >= $1.similarity })
        let first = queries.sliced(0..<1, axis: 0)
        #expect(try index.search(first, count: 1_000_000).count == 600)
        #expect(try index.search(first, count: 7).map(\.name) == few[0].map(\.name))
        for none in [0, -3] { #expect(try index.search(first, count: none).isEmpty) }
        #expect(throws: RecipeError.self) { try index.search(Tensor([.nan, 0, 0, 0, 0], shape: [1, 5]), count: 1) }
    }

    @Test func aDamagedIndexIsNamed() throws {
        let file = path()
        defer { try? FileManager.default.removeItem(atPath: file) }
        func refusal() -> String {
            "\(#expect(throws: (any Error).self) { try EmbeddingIndex(path: file) }.map { "\($0)" } ?? "")"
        }
        func write(_ embeddings: Tensor, _ names: [UInt8], _ offsets: [Int32], format: String = "2") throws {
            try Safetensors.write(
                [
                    (name: "embeddings", tensor: embeddings),
                    (name: "names", tensor: Tensor(names, shape: [names.count])),
                    (name: "offsets", tensor: Tensor(offsets, shape: [offsets.count])),
                ], metadata: ["format": format], to: file)
        }
        try write(Tensor([1, 0, .nan, 1], shape: [2, 2]), Array("ab".utf8), [0, 1, 2])
        #expect(refusal().contains("row 1, \"b\", is not finite"))
        try write(Tensor(zeros: [0, 2]), [], [0])
        #expect(refusal().contains("without embeddings"))
        try write(Tensor([1, 0], shape: [1, 2]), Array("a".utf8), [0, 1], format: "3")
        #expect(refusal().contains("format 3"))
        try write(Tensor([1, 0], shape: [1, 2]), Array("a".utf8), [0, 1])
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        try whole.dropLast(3).write(to: URL(fileURLWithPath: file))
        #expect(refusal().contains(file))
    }
}
