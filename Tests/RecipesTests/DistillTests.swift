import ConcordDatasets
import ConcordEvaluation
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// A student learns a teacher's embeddings: of a run, and of an index.
@Suite(.serialized) struct DistillTests {
    private let folder = TemporaryFolder()

    /// 48 images of six colors at positions of their own.
    private func write() throws {
        var rows = "filepath\ttitle\n"
        for n in 0..<48 {
            let kind = n % 6
            let color = Image.Color(UInt8(kind * 40), UInt8(255 - kind * 40), UInt8(n * 5))
            try Image(width: 16, height: 16, color).write(jpeg: folder.file("\(n).jpg"))
            rows += "\(n).jpg\ta thing of kind \(kind)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    /// An index whose embedding of image n is the direction of its kind.
    private func writeIndex(without missing: Set<Int> = [], kinds: Int = 6) throws -> String {
        let names = (0..<48).filter { !missing.contains($0) }
        var values: [Float] = []
        for n in names { values += (0..<8).map { $0 == n % kinds ? 1 : 0.1 * Float($0) } }
        let path = folder.file("index.safetensors")
        try EmbeddingIndex(
            embeddings: Tensor(values, shape: [names.count, 8]), names: names.map { folder.file("\($0).jpg") }
        ).write(to: path)
        return path
    }

    private func train(
        _ name: String, _ objective: String, _ overrides: [String] = [], resumed: Bool = false
    ) throws {
        let yaml = """
            steps: 30
            batch: 16
            data: {path: rows.tsv, columns: {image: filepath}, labels: [title], split: none}
            objective: {name: distill, \(objective)}
            model: {dimension: 8, image: {width: 8, stem: cifar}}
            views: {size: 16, crop: whole}
            optimizer: {learning_rate: 3e-3}
            schedule: {name: constant, warmup_steps: 0}
            checkpoint: {every: 15}
            """
        try folder.train(name, yaml, overrides, resumed: resumed)
    }

    /// The cosines of the student's embeddings to the index's.
    private func cosines(_ name: String, _ index: EmbeddingIndex) throws -> [Float] {
        let own = try Run(folder.file(name)).embed(images: index.names)
        return (own * index.embeddings).sum(axis: 1).scalars
    }

    @Test func theStudentsEmbeddingsAreInTheTeachersSpace() throws {
        try write()
        let index = try EmbeddingIndex(path: writeIndex())
        try train("run", "teacher: index.safetensors")
        let cosines = try cosines("run", index)
        #expect(cosines.reduce(0, +) / 48 > 0.95, "\(cosines)")
        let hits = try index.search(each: Run(folder.file("run")).embed(images: [folder.file("3.jpg")]), count: 8)
        #expect(hits[0].allSatisfy { Int(URL(fileURLWithPath: $0.name).deletingPathExtension().lastPathComponent)! % 6 == 3 })
    }

    @Test(arguments: ["relational, angles: 1", "contrastive"]) func otherLossesLearnToo(loss: String) throws {
        try write()
        _ = try writeIndex()
        try train("run", "teacher: index.safetensors, loss: \(loss)")
        let losses = try folder.logged("loss", "run")
        #expect(try #require(losses.last) < 0.85 * #require(losses.first), "\(losses)")
    }

    @Test func aRunIsATeacherAndTheResumedStudentTheSameBits() throws {
        try write()
        _ = try writeIndex()
        try train("teacher", "teacher: index.safetensors")
        try train("whole", "teacher: \(folder.file("teacher"))", ["steps=30"])
        try train("parts", "teacher: \(folder.file("teacher"))", ["steps=15"])
        try FileManager.default.removeItem(atPath: folder.file("teacher"))  // the run has its embeddings
        try train("parts", "", ["steps=30"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
    }

    @Test func faultsOfTheTeacherAreNamed() throws {
        try write()
        _ = try writeIndex(without: [5, 6])
        func message(_ objective: String, _ overrides: [String] = []) -> String {
            do { try train("run", objective, overrides) } catch { return "\(error)" }
            return ""
        }
        let missing = message("teacher: index.safetensors")
        #expect(missing.contains("2 of 48 training rows") && missing.contains("5.jpg"), "\(missing)")
        _ = try writeIndex()
        #expect(message("teacher: index.safetensors", ["model.dimension=16"]).contains("set it to 8"))
        #expect(message("teacher: nothing.safetensors").contains("nothing.safetensors"))
        #expect(message("loss: cosine").contains("objective.teacher"))
    }
}
