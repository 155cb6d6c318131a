import ConcordInterchange
import ConcordRecipes
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct EmbeddingIndexTests {
    private func path() -> String { FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".safetensors").path }

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
        let index = EmbeddingIndex(embeddings: Tensor([1, 0, 0, 2, 3, 3], shape: [3, 2]), names: ["east", "north", "between"])
        let hits = try index.search(Tensor([0.1, 5], shape: [1, 2]), count: 2)
        #expect(hits.map(\.name) == ["north", "between"])
        #expect(throws: RecipeError.self) { try index.search(Tensor([1, 2, 3], shape: [1, 3]), count: 1) }
    }

    @Test func anotherFileIsNoIndex() throws {
        let file = path()
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Safetensors.write([(name: "x", tensor: Tensor([1], shape: [1]))], metadata: [:], to: file)
        #expect(throws: RecipeError.self) { try EmbeddingIndex(path: file) }
        try Safetensors.write(
            [
                (name: "embeddings", tensor: Tensor(ones: [2, 2])), (name: "names", tensor: Tensor([UInt8(65)], shape: [1])),
                (name: "offsets", tensor: Tensor([Int32(0), 9, 1], shape: [3])),
            ], metadata: [:], to: file)
        #expect(throws: RecipeError.self) { try EmbeddingIndex(path: file) }
    }
}
